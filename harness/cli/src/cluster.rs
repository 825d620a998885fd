//! `podproof cluster`: a kind cluster of podproof's own, and its node image.

use std::path::PathBuf;

use podproof::cluster::{
    self, ClusterName, ClusterRequest, Folders, Host, ImageRequest, KindCluster, Status, Topology,
};
use podproof::run::Interrupt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::args::{ClusterCommand, DownArgs, Format, ImageArgs, Talk, UpArgs};
use crate::exit::Failure;
use crate::{output, signal};

/// Does what was asked with our own clusters.
pub async fn cluster(command: ClusterCommand, talk: Talk) -> Result<(), Failure> {
    let interrupt = Interrupt::default();
    signal::stop(&interrupt);
    let host = host(&interrupt.stop)?;
    // The first signal ends the work in its own order, the second leaves it.
    signal::or_interrupted(&interrupt.now, async {
        match command {
            ClusterCommand::Up(order) => up(&host, order, &talk).await,
            ClusterCommand::Down(order) => down(&host, order).await,
            ClusterCommand::Status => status(&host, &talk).await,
            ClusterCommand::Image(order) => image(&host, order).await,
        }
    })
    .await
}

/// This host, which stops when `cancel` says so.
pub fn host(cancel: &CancellationToken) -> Result<Host, Failure> {
    let program = std::env::current_exe().map_err(Failure::Runtime)?;
    let folders = Folders::from_environment().map_err(cluster::Error::from)?;
    Ok(Host { folders, program, cancel: cancel.clone() })
}

/// The probe: the one that was named, else the one beside this program, else the one built with it.
pub fn probe(host: &Host) -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os("PODPROOF_PROBE").filter(|value| !value.is_empty()) {
        return Ok(named.into());
    }
    let folder = host.program.parent().unwrap_or(&host.program);
    let built = format!("../{}-unknown-linux-gnu/probe/probe", std::env::consts::ARCH);
    let places = [folder.join("podproof-probe"), folder.join(built)];
    places.into_iter().find(|place| place.is_file()).ok_or(Failure::NoProbe)
}

async fn up(host: &Host, order: UpArgs, talk: &Talk) -> Result<(), Failure> {
    let name = named(&order.name)?;
    // Infallible: whatever is no known word is a file.
    let topology = order.config.map(|config| config.parse().unwrap_or(Topology::OneNode));
    let request = ClusterRequest { name, topology, image: order.image, alone: false };
    let cluster = cluster::up(host, &request).await?;
    output::print(&match talk.message_format {
        Format::Human => format!("{}\n", cluster.kubeconfig.display()),
        Format::Json => format!("{}\n", described(&cluster)),
    })
}

fn described(cluster: &KindCluster) -> serde_json::Value {
    json!({
        "name": cluster.name.as_str(),
        "context": cluster.context,
        "kubeconfig": cluster.kubeconfig,
        "image": cluster.image,
        "nodes": cluster.nodes().iter().map(|node| &node.name).collect::<Vec<_>>(),
    })
}

async fn down(host: &Host, order: DownArgs) -> Result<(), Failure> {
    let name = named(&order.name)?;
    if !cluster::down(host, &name).await? {
        tracing::info!(target: "podproof::talk", "there is no cluster `{}`", name.as_str());
    }
    Ok(())
}

async fn status(host: &Host, talk: &Talk) -> Result<(), Failure> {
    let clusters = cluster::status(host).await?;
    let lines = clusters.iter().map(|cluster| match talk.message_format {
        Format::Human => human(cluster),
        Format::Json => format!("{}\n", json!(cluster)),
    });
    output::print(&lines.collect::<String>())
}

fn human(cluster: &Status) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let problem = |text: &String| format!("  {}\n", podproof::report::visible_line(text, 1000));
    let problem = cluster.problem.as_ref().map(problem).unwrap_or_default();
    format!(
        "{:20} {:10} {:10} {:2} {} {}\n{problem}",
        cluster.name,
        cluster.state,
        or_dash(&cluster.version),
        cluster.nodes.len(),
        or_dash(&cluster.image),
        cluster.kubeconfig.display()
    )
}

async fn image(host: &Host, order: ImageArgs) -> Result<(), Failure> {
    let request = ImageRequest { binaries: order.binaries, containerd: order.containerd, etcd: order.etcd };
    let image = cluster::build_image(host, &request).await?;
    output::print(&format!("{image}\n"))
}

fn named(name: &str) -> Result<ClusterName, Failure> {
    name.parse().map_err(|error: cluster::ClusterNameError| Failure::Usage(error.to_string()))
}
