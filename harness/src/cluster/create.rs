//! Making a cluster, and removing one.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::error::Error;
use super::image::{choose_image, is_ours};
use super::kind::{Kind, Node, nodes};
use super::node_logs::keep_logs;
use super::ownership::{ClusterName, Mark};
use super::progress::{step, talk};
use super::proved::prove_since_start;
use super::topology::{Demands, cgroup_v1};
use super::up::{ANSWER, ClusterRequest, KindCluster, identifiers, interruptible, kubeconfig};
use super::which_engine::Origin;
use super::{Host, network};
use crate::disk::write_whole;

/// How long logs are collected.
const LOGS: Duration = Duration::from_secs(120);
/// How long logs are collected after the word to stop.
const LAST_LOGS: Duration = Duration::from_secs(15);

/// Makes a cluster where there is none, or only `present`: what we left half made, or what the engine calls dead.
///
/// The caller holds the cluster alone.
pub(super) async fn create(
    host: &Host,
    engine: &Engine,
    request: &ClusterRequest,
    present: &[Node],
) -> Result<(), Error> {
    let name = &request.name;
    let kind = Kind::find(host).await?;
    let image = Box::pin(choose_image(host, request.image.as_deref())).await?;
    let topology = request.topology.clone().unwrap_or_default();
    let demands = Demands { image: &image, restricted: engine.restricted(), cgroup_v1: cgroup_v1() };
    let configuration = topology.render(demands)?;
    // An image may have taken minutes: what came meanwhile is not ours.
    if identifiers(&nodes(host, name.as_str()).await?) != identifiers(present) {
        return Err(Error::Foreign { name: name.as_str().to_owned() });
    }
    if !present.is_empty() {
        let logs = keep_logs(host, &kind, name, LOGS).await;
        talk!("the logs of the nodes that are replaced: {}", logs.display());
    }
    remove(host, name, !present.is_empty()).await?;
    let origin = match engine.id() {
        Some(id) => Some(Origin::present(host, id).await),
        None => None,
    };
    let mut mark = Mark {
        format: 1,
        image: image.clone(),
        topology: topology.to_string(),
        engine: origin,
        containers: BTreeSet::new(),
    };
    mark.write(host, name)?;
    // From now on the mark keeps the engine's configuration as it is; what became of it before is looked at again.
    if let Err(error) = Engine::ready(host).await {
        remove(host, name, false).await?;
        return Err(error);
    }
    match Box::pin(make(host, &kind, name, &image, &configuration)).await {
        Ok(made) => {
            mark.containers = identifiers(&made);
            mark.write(host, name)
        }
        Err(error) => {
            // Both must happen also after a cancel.
            let after = Host { cancel: CancellationToken::new(), ..host.clone() };
            let patience = if host.cancel.is_cancelled() { LAST_LOGS } else { LOGS };
            let logs = keep_logs(&after, &kind, name, patience).await;
            // kind refuses to add to a cluster; what is there then was made by somebody else meanwhile.
            let somebody_elses = said(&error).contains("already exist for a cluster");
            remove(&after, name, !somebody_elses).await?;
            if host.cancel.is_cancelled() {
                return Err(Error::Interrupted);
            }
            Err(Error::Create { name: name.as_str().to_owned(), logs, source: Box::new(error) })
        }
    }
}

fn said(error: &Error) -> &str {
    match error {
        Error::Command(error) => error.said(),
        _ => "",
    }
}

async fn make(
    host: &Host,
    kind: &Kind,
    name: &ClusterName,
    image: &str,
    configuration: &str,
) -> Result<Vec<Node>, Error> {
    let file = host.folders.cluster(name.as_str()).join("kind.yaml");
    write_whole(&file, configuration.as_bytes()).map_err(Error::file(&file))?;
    let kubeconfig = kubeconfig(host, name);
    let create = kind.create(name.as_str(), image, &file, &kubeconfig);
    step(&format!("creating cluster `{}` of {image}", name.as_str()), create.run(&host.cancel)).await?;
    let made = nodes(host, name.as_str()).await?;
    let cluster = KindCluster::of(host, name, image, made.clone());
    if is_ours(image) {
        let without_dns = async { network::remove_dns(&cluster.client(ANSWER).await?).await };
        interruptible(host, Box::pin(without_dns)).await?;
    }
    prove_since_start(host, &cluster).await?;
    Ok(made)
}

/// Removes containers first and the mark last, so that what is left after a kill is still ours.
///
/// The caller holds the cluster alone and has shown that the containers are ours.
pub(super) async fn remove(host: &Host, name: &ClusterName, there: bool) -> Result<(), Error> {
    let folder = host.folders.cluster(name.as_str());
    if there {
        let kind = Kind::find(host).await?;
        let delete = kind.delete(name.as_str(), &kubeconfig(host, name));
        step(&format!("removing cluster `{}`", name.as_str()), delete.run(&host.cancel)).await?;
    }
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&folder)(error)),
        _ => Ok(()),
    }
}
