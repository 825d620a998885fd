//! Records that a cluster's nodes were connected and ran a pod since their last start.
//!
//! Routes and packet filters are lost when a node container stops. A restarted engine starts the nodes again, but does
//! not connect them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::network;
use super::node_image::is_built_here;
use crate::host::{Host, Lock, LockMode, Program, step};
use crate::provider::error::ClusterError;
use crate::provider::own_cluster::{API_PATIENCE, OwnCluster, READY, interruptible};
use crate::provider::ready::verify_nodes;
use podproof_core::disk::write_whole;

/// Connects the nodes and verifies that they run pods, unless this was done since their last start.
///
/// It only adds missing settings, so others may use the cluster meanwhile; concurrent calls wait for each other. The
/// caller holds the cluster's lock in any mode.
pub(super) async fn verify_once_per_start(host: &Host, cluster: &OwnCluster) -> Result<(), ClusterError> {
    if is_verified(host, cluster, &starts(host, cluster).await?) {
        return Ok(());
    }
    let name = cluster.name.as_str();
    let what = format!("the network of cluster `{name}`");
    let lock = Lock::new(host.folders.network_lock(name), &what);
    let _lock = lock.acquire(host, LockMode::Exclusive).await?;
    // Read before the verification: a node that restarts meanwhile must be verified again.
    let starts = starts(host, cluster).await?;
    if is_verified(host, cluster, &starts) {
        return Ok(());
    }
    let work = async {
        let client = cluster.client(API_PATIENCE).await?;
        if is_built_here(&cluster.image) {
            network::connect(host, &client, cluster.nodes().len()).await?;
        }
        verify_nodes(&client, READY).await
    };
    let what = format!("connecting the nodes of cluster `{name}` and running a pod on each");
    step(&what, interruptible(host, Box::pin(work))).await?;
    let file = file(host, cluster);
    let text = serde_json::to_vec_pretty(&starts).map_err(|error| ClusterError::file(&file)(error.into()))?;
    write_whole(&file, &text).map_err(ClusterError::file(&file))
}

/// The identifiers and start times of the node containers.
async fn starts(host: &Host, cluster: &OwnCluster) -> Result<BTreeSet<String>, ClusterError> {
    let look = Program::new("docker").args([
        "inspect",
        "--type",
        "container",
        "--format",
        "{{.Id}} {{.State.StartedAt}}",
    ]);
    let output = look.args(cluster.nodes().iter().map(|node| &node.id)).run(&host.cancel).await?.stdout;
    Ok(output.lines().map(str::to_owned).collect())
}

fn is_verified(host: &Host, cluster: &OwnCluster, starts: &BTreeSet<String>) -> bool {
    let noted = fs::read(file(host, cluster)).ok();
    noted.and_then(|bytes| serde_json::from_slice::<BTreeSet<String>>(&bytes).ok()).as_ref() == Some(starts)
}

fn file(host: &Host, cluster: &OwnCluster) -> PathBuf {
    host.folders.cluster(cluster.name.as_str()).join("proved.json")
}
