//! What was proved of a cluster's nodes since they were started last: that they are connected and run pods.
//!
//! Routes and packet filters live as long as a node's container runs. An engine that was started again has started the
//! nodes too, but connected none of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::error::Error;
use super::image::is_ours;
use super::lock::{Lock, Use};
use super::program::Program;
use super::progress::step;
use super::ready::prove;
use super::up::{ANSWER, KindCluster, READY, interruptible};
use super::{Host, network};
use crate::disk::write_whole;

/// Connects the nodes and proves that they run pods, unless that was done since they were started last.
///
/// It adds only what is missing, so that it may be done while others use the cluster; but one after the other. The
/// caller holds the cluster, if only beside others.
pub(super) async fn prove_since_start(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    if is_proved(host, cluster, &starts(host, cluster).await?) {
        return Ok(());
    }
    let name = cluster.name.as_str();
    let what = format!("the network of cluster `{name}`");
    let lock = Lock::new(host.folders.network_lock(name), &what);
    let _alone = lock.hold(host, Use::Alone).await?;
    // What is started again meanwhile is not what was proved.
    let starts = starts(host, cluster).await?;
    if is_proved(host, cluster, &starts) {
        return Ok(());
    }
    let work = async {
        let client = cluster.client(ANSWER).await?;
        if is_ours(&cluster.image) {
            network::connect(host, &client, cluster.nodes().len()).await?;
        }
        prove(&client, READY).await
    };
    let what = format!("connecting the nodes of cluster `{name}` and running a pod on each");
    step(&what, interruptible(host, Box::pin(work))).await?;
    let file = file(host, cluster);
    let text = serde_json::to_vec_pretty(&starts).map_err(|error| Error::file(&file)(error.into()))?;
    write_whole(&file, &text).map_err(Error::file(&file))
}

/// Which containers the nodes are, and since when they run.
async fn starts(host: &Host, cluster: &KindCluster) -> Result<BTreeSet<String>, Error> {
    let look = Program::new("docker").args([
        "inspect",
        "--type",
        "container",
        "--format",
        "{{.Id}} {{.State.StartedAt}}",
    ]);
    let said = look.args(cluster.nodes().iter().map(|node| &node.id)).run(&host.cancel).await?.stdout;
    Ok(said.lines().map(str::to_owned).collect())
}

/// Nothing is proved where nothing can be read.
fn is_proved(host: &Host, cluster: &KindCluster, starts: &BTreeSet<String>) -> bool {
    let noted = fs::read(file(host, cluster)).ok();
    noted.and_then(|bytes| serde_json::from_slice::<BTreeSet<String>>(&bytes).ok()).as_ref() == Some(starts)
}

fn file(host: &Host, cluster: &KindCluster) -> PathBuf {
    host.folders.cluster(cluster.name.as_str()).join("proved.json")
}
