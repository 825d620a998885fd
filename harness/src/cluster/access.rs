//! Access to a cluster: a client, the images, and facts about the cluster.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::time::timeout;

use super::access_error::AccessError;
use super::facts::read_facts;
use super::images::Images;
use super::kubeconfig::configuration;
use super::node_access::{NodeAccess, NodeContainers};
use crate::host::LockGuard;
use podproof_core::cluster_facts::ClusterFacts;

/// Access to a cluster whose API server answered.
#[derive(Clone)]
pub struct Access {
    /// The client. It works only on the Tokio runtime on which it was created.
    pub client: Client,
    /// The image references to use for the image names in manifests.
    pub images: Images,
    /// Versions, nodes and capabilities of the cluster.
    pub facts: ClusterFacts,
    /// How to run commands on the nodes.
    pub node_access: NodeAccess,
    /// While any clone of this value exists, no other podproof changes or removes the cluster, if it is podproof's own.
    _held: Option<Arc<LockGuard>>,
}

impl Access {
    /// Keeps `held` locked for the lifetime of this value and its clones.
    #[must_use]
    pub fn with_lock(self, held: Option<LockGuard>) -> Self {
        Self { _held: held.map(Arc::new), ..self }
    }

    /// Runs commands on nodes in these containers instead of inspector pods.
    #[must_use]
    pub fn with_node_containers(mut self, containers: NodeContainers) -> Self {
        self.node_access = NodeAccess::Containers(containers);
        self.facts.node_containers = true;
        self
    }
}

/// Connects to the cluster of a *named* context, never to the current context.
///
/// Reads `kubeconfig`, or, if it is `None`, the files that kubectl would read. Never writes to them. Returns within
/// `patience`.
pub async fn connect(
    kubeconfig: Option<&Path>,
    context: &str,
    images: Images,
    patience: Duration,
) -> Result<Access, AccessError> {
    let mut config = configuration(kubeconfig, context)?;
    config.connect_timeout = Some(patience);
    let client = Client::try_from(config)
        .map_err(|source| AccessError::Client { context: context.to_owned(), source: source.into() })?;
    match timeout(patience, read_facts(&client, patience)).await {
        Ok(Ok(facts)) => {
            let facts = ClusterFacts { name: Some(context.to_owned()), ..facts };
            Ok(Access { client, images, facts, node_access: NodeAccess::Inspector, _held: None })
        }
        Ok(Err(source)) => Err(AccessError::Api { context: context.to_owned(), source: source.into() }),
        Err(_) => Err(AccessError::Silent { context: context.to_owned(), patience }),
    }
}
