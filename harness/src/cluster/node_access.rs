//! How podproof runs commands on a cluster's nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use kube::Client;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::node_error::NodeError;
use crate::host::{CommandError, Host, LockGuard, Output, Program};
use podproof_core::cluster_facts::Instance;
use podproof_core::plan::pause;

/// How podproof runs commands on a cluster's nodes.
#[derive(Clone, Debug)]
pub enum NodeAccess {
    /// The nodes are containers of this host's engine; use `docker exec`.
    Containers(NodeContainers),
    /// Only the API is available; run a privileged inspector pod on the node.
    Inspector,
}

/// What a provider does after one of this number of nodes was restarted and the API server answers again, before pods
/// can run on the node.
pub type AfterRestart =
    for<'a> fn(host: &'a Host, client: &'a Client, nodes: usize) -> BoxFuture<'a, Result<(), NodeError>>;

/// The containers that are a cluster's nodes.
#[derive(Clone, Debug)]
pub struct NodeContainers {
    host: Host,
    /// The containers' identifiers by the names of the nodes, which are also the containers' names.
    ids: BTreeMap<String, String>,
    /// `None` if a restarted node needs no repair.
    after_restart: Option<AfterRestart>,
    /// While any clone of this value exists, no other podproof changes or removes the cluster.
    _held: Option<Arc<LockGuard>>,
}

impl NodeContainers {
    /// The node containers with these identifiers. `ids` has the name of each node. The cluster stays locked by `held`.
    #[must_use]
    pub fn new(
        host: &Host,
        ids: BTreeMap<String, String>,
        after_restart: Option<AfterRestart>,
        held: Option<Arc<LockGuard>>,
    ) -> Self {
        // Changes on a node must be undone even after a cancellation.
        let host = Host { cancel: CancellationToken::new(), ..host.clone() };
        Self { host, ids, after_restart, _held: held }
    }

    /// Runs a shell script on the node.
    pub async fn run(&self, node: &str, script: &str, patience: Duration) -> Result<Output, CommandError> {
        let shell = Program::new("docker").args(["exec", node, "sh", "-c", script]);
        shell.deadline(patience).run(&self.host.cancel).await
    }

    /// Restarts the node container. Returns when the API server answers, at most
    /// `patience` after the restart, and the provider has repaired the node.
    pub async fn reboot(&self, node: &str, client: &Client, patience: Duration) -> Result<(), NodeError> {
        Program::new("docker").args(["restart", node]).run(&self.host.cancel).await?;
        self.await_api_server(client, patience).await?;
        match self.after_restart {
            Some(repair) => repair(&self.host, client, self.ids.len()).await,
            None => Ok(()),
        }
    }

    /// Reads identifier and start time of each container. Omits removed containers; `None` if the engine does not
    /// answer.
    pub(super) async fn instances(&self, patience: Duration) -> Option<BTreeMap<String, Instance>> {
        let mut instances = BTreeMap::new();
        for (name, id) in &self.ids {
            let look = Program::new("docker")
                .args(["inspect", "--type", "container", "--format", "{{.Id}} {{.State.StartedAt}}", id])
                .deadline(patience);
            match look.run(&self.host.cancel).await {
                Ok(output) => {
                    let (id, start) = output.stdout.trim().split_once(' ')?;
                    let instance = Instance { id: id.to_owned(), start: start.to_owned() };
                    instances.insert(name.clone(), instance);
                }
                Err(error) if error.stderr_tail().to_lowercase().contains("no such container") => {}
                Err(_) => return None,
            }
        }
        Some(instances)
    }

    /// Waits until the API server answers.
    async fn await_api_server(&self, client: &Client, patience: Duration) -> Result<(), NodeError> {
        let start = Instant::now();
        loop {
            match client.apiserver_version().await {
                Ok(_) => return Ok(()),
                Err(_) if start.elapsed() < patience => sleep(pause::API_SERVER).await,
                Err(error) => return Err(NodeError::Api(error.into())),
            }
        }
    }
}
