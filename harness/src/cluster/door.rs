//! The way onto a cluster's nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Host;
use super::error::Error;
use super::identity::Life;
use super::image::is_ours;
use super::kind::Node;
use super::lock::Hold;
use super::network;
use super::program::{CommandError, Output, Program};

/// How long a node that was started again may take until its cluster answers.
const RETURN: Duration = Duration::from_secs(120);

/// The way onto a cluster's nodes.
#[derive(Clone, Debug)]
pub enum Door {
    /// The nodes are containers of this host's engine.
    Containers(NodeContainers),
    /// Nothing but the API: whoever wants onto a node runs a privileged pod there.
    Inspector,
}

/// The containers that are a cluster's nodes.
#[derive(Clone, Debug)]
pub struct NodeContainers {
    host: Host,
    image: String,
    nodes: Vec<Node>,
    /// As long as somebody has this way, nobody changes or removes the cluster.
    _held: Option<Arc<Hold>>,
}

impl NodeContainers {
    /// Those of a cluster that was made of `image`.
    pub(super) fn new(host: &Host, image: &str, nodes: &[Node], held: Option<Arc<Hold>>) -> Self {
        // What was changed on a node is put back also after the word to stop.
        let host = Host { cancel: CancellationToken::new(), ..host.clone() };
        Self { host, image: image.to_owned(), nodes: nodes.to_owned(), _held: held }
    }

    /// Runs a script with the shell of the node.
    pub async fn run(&self, node: &str, script: &str, patience: Duration) -> Result<Output, CommandError> {
        let shell = Program::new("docker").args(["exec", node, "sh", "-c", script]);
        shell.deadline(patience).run(&self.host.cancel).await
    }

    /// Stops the node as a reboot does and starts it again; returns when its cluster answers and has its network.
    pub async fn reboot(&self, node: &str, client: &Client) -> Result<(), Error> {
        Program::new("docker").args(["restart", node]).run(&self.host.cancel).await?;
        self.answers(client).await?;
        if is_ours(&self.image) {
            network::connect(&self.host, client, self.nodes.len()).await?;
        }
        Ok(())
    }

    /// What the engine says of them; those that are gone are left out, and nothing is known where it says nothing.
    pub(super) async fn lives(&self, patience: Duration) -> Option<BTreeMap<String, Life>> {
        let mut lives = BTreeMap::new();
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
                Ok(said) => {
                    let (id, start) = said.stdout.trim().split_once(' ')?;
                    let life = Life { id: id.to_owned(), start: start.to_owned() };
                    lives.insert(node.name.clone(), life);
                }
                Err(error) if error.said().to_lowercase().contains("no such container") => {}
                Err(_) => return None,
            }
        }
        Some(lives)
    }

    /// Asks until the API server answers.
    async fn answers(&self, client: &Client) -> Result<(), Error> {
        let start = Instant::now();
        loop {
            match client.apiserver_version().await {
                Ok(_) => return Ok(()),
                Err(_) if start.elapsed() < RETURN => sleep(Duration::from_millis(250)).await,
                Err(error) => return Err(Error::api("wait for the cluster after a reboot")(error)),
            }
        }
    }
}
