//! `podproof cluster`: manages podproof's own clusters and their node image.

use std::path::PathBuf;

use podproof::host::{Folders, Host};
use podproof::provider::{ClusterError, ClusterStatus, ImageRequest, OwnCluster, Provider, UpOptions};
use podproof::run::Interrupt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::args::{ClusterCommand, DownArgs, Format, ImageArgs, OutputArgs, UpArgs};
use crate::exit::Failure;
use crate::{output, signal};

/// Runs a `podproof cluster` command.
pub async fn cluster(command: ClusterCommand, output_args: OutputArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::default();
    signal::cancel_on_signal(&interrupt);
    let host = host(&interrupt.stop)?;
    // The first signal stops the command cleanly, the second drops it.
    signal::or_interrupted(&interrupt.immediately, async {
        match command {
            ClusterCommand::Up(args) => up(&host, args, &output_args).await,
            ClusterCommand::Down(args) => down(&host, args).await,
            ClusterCommand::Status => status(&host, &output_args).await,
            ClusterCommand::Image(args) => image(&host, args).await,
        }
    })
    .await
}

/// Describes this host. `cancel` cancels the operations on it.
pub fn host(cancel: &CancellationToken) -> Result<Host, Failure> {
    let program = std::env::current_exe().map_err(Failure::Runtime)?;
    let folders = Folders::from_environment().map_err(ClusterError::from)?;
    Ok(Host { folders, program, cancel: cancel.clone() })
}

/// Finds the probe: in `PODPROOF_PROBE`, next to this executable, or in the build folder.
pub fn probe(host: &Host) -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os("PODPROOF_PROBE").filter(|value| !value.is_empty()) {
        return Ok(named.into());
    }
    let folder = host.program.parent().unwrap_or(&host.program);
    let built = format!("../{}-unknown-linux-gnu/probe/probe", std::env::consts::ARCH);
    let places = [folder.join("podproof-probe"), folder.join(built)];
    places.into_iter().find(|place| place.is_file()).ok_or(Failure::NoProbe)
}

async fn up(host: &Host, args: UpArgs, output_args: &OutputArgs) -> Result<(), Failure> {
    let options = UpOptions { config: args.config, image: args.image };
    let cluster = Provider::own(&args.name)?.up(host, &options).await?;
    output::print(&match output_args.message_format {
        Format::Human => format!("{}\n", cluster.kubeconfig.display()),
        Format::Json => format!("{}\n", cluster_json(&cluster)),
    })
}

fn cluster_json(cluster: &OwnCluster) -> serde_json::Value {
    json!({
        "name": cluster.name.as_str(),
        "context": cluster.context,
        "kubeconfig": cluster.kubeconfig,
        "image": cluster.image,
        "nodes": cluster.nodes().iter().map(|node| &node.name).collect::<Vec<_>>(),
    })
}

async fn down(host: &Host, args: DownArgs) -> Result<(), Failure> {
    if !Provider::own(&args.name)?.down(host).await? {
        tracing::info!(target: "podproof::progress", "cluster `{}` does not exist", args.name);
    }
    Ok(())
}

async fn status(host: &Host, output_args: &OutputArgs) -> Result<(), Failure> {
    let clusters = Provider::status(host).await?;
    let lines = clusters.iter().map(|cluster| match output_args.message_format {
        Format::Human => cluster_line(cluster),
        Format::Json => format!("{}\n", json!(cluster)),
    });
    output::print(&lines.collect::<String>())
}

fn cluster_line(cluster: &ClusterStatus) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let problem = |text: &String| format!("  {}\n", podproof_core::report::visible_line(text, 1000));
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

async fn image(host: &Host, args: ImageArgs) -> Result<(), Failure> {
    let request = ImageRequest { binaries: args.binaries, containerd: args.containerd, etcd: args.etcd };
    let image = Provider::build_image(host, &request).await?;
    output::print(&format!("{image}\n"))
}
