//! How podproof runs commands on a cluster's nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::error::ClusterError;
use super::image::is_built_here;
use super::kind::Node;
use crate::host::LockGuard;
use crate::host::{CommandError, Output, Program};
use super::network;
use crate::host::Host;
use podproof_core::cluster_facts::Instance;

/// How long the API server may take to answer after a node was restarted.
const RESTART_PATIENCE: Duration = Duration::from_secs(120);

/// How podproof runs commands on a cluster's nodes.
#[derive(Clone, Debug)]
pub enum NodeAccess {
    /// The nodes are containers of this host's engine; use `docker exec`.
    Containers(NodeContainers),
    /// Only the API is available; run a privileged inspector pod on the node.
    Inspector,
}

/// The containers that are a cluster's nodes.
#[derive(Clone, Debug)]
pub struct NodeContainers {
    host: Host,
    image: String,
    nodes: Vec<Node>,
    /// While any clone of this value exists, no other podproof changes or removes the cluster.
    _held: Option<Arc<LockGuard>>,
}

impl NodeContainers {
    /// The node containers of a cluster with the node image `image`.
    pub(super) fn new(host: &Host, image: &str, nodes: &[Node], held: Option<Arc<LockGuard>>) -> Self {
        // Changes on a node must be undone even after a cancellation.
        let host = Host { cancel: CancellationToken::new(), ..host.clone() };
        Self { host, image: image.to_owned(), nodes: nodes.to_owned(), _held: held }
    }

    /// Runs a shell script on the node.
    pub async fn run(&self, node: &str, script: &str, patience: Duration) -> Result<Output, CommandError> {
        let shell = Program::new("docker").args(["exec", node, "sh", "-c", script]);
        shell.deadline(patience).run(&self.host.cancel).await
    }

    /// Restarts the node container. Returns when the API server answers and the pod network is set up.
    pub async fn reboot(&self, node: &str, client: &Client) -> Result<(), ClusterError> {
        Program::new("docker").args(["restart", node]).run(&self.host.cancel).await?;
        self.await_api_server(client).await?;
        if is_built_here(&self.image) {
            network::connect(&self.host, client, self.nodes.len()).await?;
        }
        Ok(())
    }

    /// Reads identifier and start time of each container. Omits removed containers; `None` if the engine does not
    /// answer.
    pub(super) async fn instances(&self, patience: Duration) -> Option<BTreeMap<String, Instance>> {
        let mut instances = BTreeMap::new();
        for node in &self.nodes {
            let look = Program::new("docker")
                .args([
                    "inspect",
                    "--type",
                    "container",
                    "--format",
                    "{{.Id}} {{.State.StartedAt}}",
                    &node.id,
                ])
                .deadline(patience);
            match look.run(&self.host.cancel).await {
                Ok(output) => {
                    let (id, start) = output.stdout.trim().split_once(' ')?;
                    let instance = Instance { id: id.to_owned(), start: start.to_owned() };
                    instances.insert(node.name.clone(), instance);
                }
                Err(error) if error.stderr_tail().to_lowercase().contains("no such container") => {}
                Err(_) => return None,
            }
        }
        Some(instances)
    }

    /// Waits until the API server answers.
    async fn await_api_server(&self, client: &Client) -> Result<(), ClusterError> {
        let start = Instant::now();
        loop {
            match client.apiserver_version().await {
                Ok(_) => return Ok(()),
                Err(_) if start.elapsed() < RESTART_PATIENCE => sleep(Duration::from_millis(250)).await,
                Err(error) => return Err(ClusterError::api("wait for the cluster after a reboot")(error)),
            }
        }
    }
}
