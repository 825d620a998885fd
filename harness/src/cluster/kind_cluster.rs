//! A kind cluster of podproof's own, and the request for one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use crate::host::Host;
use super::access::{Access, connect};
use super::cluster_name::ClusterName;
use super::error::ClusterError;
use super::image::load_images;
use super::images::Images;
use super::kind::Node;
use crate::host::LockGuard;
use super::node_access::{NodeAccess, NodeContainers};
use super::topology::Topology;

/// Time limit for the API server's answer.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// How long a node may take to run its first pod.
pub(super) const READY: Duration = Duration::from_secs(120);

/// The requested cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterRequest {
    /// Its name.
    pub name: ClusterName,
    /// Its nodes. With `None` an existing cluster may have any nodes, and a new one has one node.
    pub topology: Option<Topology>,
    /// Its node image; `None` for any image.
    pub image: Option<String>,
    /// True to lock the cluster exclusively because its nodes will be disturbed.
    pub exclusive: bool,
}

/// A running kind cluster that podproof owns. While this value exists, no other podproof changes or removes the
/// cluster.
#[derive(Clone, Debug)]
pub struct KindCluster {
    /// Its name.
    pub name: ClusterName,
    /// Its kubeconfig file.
    pub kubeconfig: PathBuf,
    /// Its context in that file.
    pub context: String,
    /// Its node image.
    pub image: String,
    pub(super) nodes: Vec<Node>,
    pub(super) held: Option<Arc<LockGuard>>,
}

impl KindCluster {
    /// Loads missing images of test pods into the nodes. Returns the image references for manifests.
    pub async fn load_images(&self, host: &Host, probe: &Path) -> Result<Images, ClusterError> {
        load_images(host, &self.nodes, probe).await
    }

    /// Lets `access` run commands in the node containers.
    #[must_use]
    pub fn with_node_containers(&self, host: &Host, mut access: Access) -> Access {
        access.node_access =
            NodeAccess::Containers(NodeContainers::new(host, &self.image, &self.nodes, self.held.clone()));
        access.facts.node_containers = true;
        access
    }

    /// The node containers.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn of(host: &Host, name: &ClusterName, image: &str, nodes: Vec<Node>) -> Self {
        let kubeconfig = kubeconfig(host, name);
        Self {
            name: name.clone(),
            context: name.context(),
            kubeconfig,
            image: image.to_owned(),
            nodes,
            held: None,
        }
    }

    pub(super) async fn client(&self, patience: Duration) -> Result<Client, ClusterError> {
        Ok(connect(Some(&self.kubeconfig), &self.context, Images::empty(), patience).await?.client)
    }
}

pub(super) fn identifiers(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.id.clone()).collect()
}

pub(super) fn kubeconfig(host: &Host, name: &ClusterName) -> PathBuf {
    host.folders.cluster(name.as_str()).join("kubeconfig")
}

pub(super) async fn interruptible<T>(
    host: &Host,
    work: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    tokio::select! {
        result = work => result,
        () = host.cancel.cancelled() => Err(ClusterError::Interrupted),
    }
}
