//! Creates and removes kind clusters.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::cli::{KindCli, nodes};
use super::cluster::own_cluster;
use super::network;
use super::node_image::{choose_image, is_built_here};
use super::node_logs::keep_logs;
use super::readiness_record::verify_once_per_start;
use super::request::ClusterRequest;
use super::topology::{Requirements, cgroup_v1};
use crate::host::{Host, report_progress, step};
use crate::provider::cluster_name::ClusterName;
use crate::provider::containers::{Node, identifiers};
use crate::provider::engine::{Engine, Origin};
use crate::provider::error::ClusterError;
use crate::provider::own_cluster::{API_PATIENCE, interruptible, kubeconfig};
use crate::provider::ownership::OwnershipMark;
use podproof_core::disk::write_whole;

/// Time limit for collecting node logs.
const LOGS: Duration = Duration::from_secs(120);
/// Time limit for collecting node logs after a cancellation.
const LAST_LOGS: Duration = Duration::from_secs(15);

/// Creates a cluster. `present` are the node containers to replace: of an unfinished creation, or dead ones.
///
/// The caller holds the cluster's lock exclusively.
pub(super) async fn create(
    host: &Host,
    engine: &Engine,
    request: &ClusterRequest,
    present: &[Node],
) -> Result<(), ClusterError> {
    let name = &request.name;
    let kind = KindCli::find(host).await?;
    let image = Box::pin(choose_image(host, request.image.as_deref())).await?;
    let topology = request.topology.clone().unwrap_or_default();
    let requirements =
        Requirements { image: &image, restricted: engine.is_restricted(), cgroup_v1: cgroup_v1() };
    let configuration = topology.render(requirements)?;
    // Building the image may have taken minutes: containers that appeared since then are not podproof's.
    if identifiers(&nodes(host, name.as_str()).await?) != identifiers(present) {
        return Err(ClusterError::Foreign { name: name.as_str().to_owned() });
    }
    if !present.is_empty() {
        let logs = keep_logs(host, &kind, name, LOGS).await;
        report_progress!("the logs of the replaced nodes: {}", logs.display());
    }
    remove(host, name, !present.is_empty()).await?;
    let origin = match engine.id() {
        Some(id) => Some(Origin::current(host, id).await),
        None => None,
    };
    let mut mark = OwnershipMark {
        format: 1,
        image: image.clone(),
        topology: topology.to_string(),
        engine: origin,
        containers: BTreeSet::new(),
    };
    mark.write(host, name)?;
    // The mark keeps the engine's configuration from being restored. Check once more what happened before it was
    // written.
    if let Err(error) = Engine::ensure_ready(host).await {
        remove(host, name, false).await?;
        return Err(error);
    }
    match Box::pin(make(host, &kind, name, &image, &configuration)).await {
        Ok(made) => {
            mark.containers = identifiers(&made);
            mark.write(host, name)
        }
        Err(error) => {
            // Collecting logs and removing the cluster must also work after a cancellation.
            let after = Host { cancel: CancellationToken::new(), ..host.clone() };
            let patience = if host.cancel.is_cancelled() { LAST_LOGS } else { LOGS };
            let logs = keep_logs(&after, &kind, name, patience).await;
            // kind refuses to create a cluster whose name is in use, so these nodes belong to another program.
            let is_foreign = stderr_tail(&error).contains("already exist for a cluster");
            remove(&after, name, !is_foreign).await?;
            if host.cancel.is_cancelled() {
                return Err(ClusterError::Interrupted);
            }
            Err(ClusterError::Create { name: name.as_str().to_owned(), logs, source: Box::new(error) })
        }
    }
}

fn stderr_tail(error: &ClusterError) -> &str {
    match error {
        ClusterError::Command(error) => error.stderr_tail(),
        _ => "",
    }
}

async fn make(
    host: &Host,
    kind: &KindCli,
    name: &ClusterName,
    image: &str,
    configuration: &str,
) -> Result<Vec<Node>, ClusterError> {
    let file = host.folders.cluster(name.as_str()).join("kind.yaml");
    write_whole(&file, configuration.as_bytes()).map_err(ClusterError::file(&file))?;
    let kubeconfig = kubeconfig(host, name);
    let create = kind.create(name.as_str(), image, &file, &kubeconfig);
    step(&format!("creating cluster `{}` of {image}", name.as_str()), create.run(&host.cancel)).await?;
    let made = nodes(host, name.as_str()).await?;
    let cluster = own_cluster(host, name, image, made.clone());
    if is_built_here(image) {
        let without_dns = async { network::remove_dns(&cluster.client(API_PATIENCE).await?).await };
        interruptible(host, Box::pin(without_dns)).await?;
    }
    verify_once_per_start(host, &cluster).await?;
    Ok(made)
}

/// Removes the containers first and the ownership mark last, so that a killed removal can be repeated.
///
/// The caller holds the cluster's lock exclusively and has checked that podproof owns the containers. `exists` is false
/// if there are no containers.
pub(super) async fn remove(host: &Host, name: &ClusterName, exists: bool) -> Result<(), ClusterError> {
    let folder = host.folders.cluster(name.as_str());
    if exists {
        let kind = KindCli::find(host).await?;
        let delete = kind.delete(name.as_str(), &kubeconfig(host, name));
        step(&format!("removing cluster `{}`", name.as_str()), delete.run(&host.cancel)).await?;
    }
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ClusterError::file(&folder)(error)),
        _ => Ok(()),
    }
}
