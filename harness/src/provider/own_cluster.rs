//! A running cluster that podproof made and owns, and the status of one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use super::cluster_name::ClusterName;
use super::containers::Node;
use super::error::ClusterError;
use crate::cluster::{Access, Images, connect};
use crate::host::{Host, LockGuard};

/// Time limit for the API server's answer.
pub(super) const API_PATIENCE: Duration = Duration::from_secs(5);

/// How long a node may take to run its first pod.
pub(super) const READY: Duration = Duration::from_secs(120);

/// The status of one of podproof's own clusters.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ClusterStatus {
    /// Its name.
    pub name: String,
    /// The state of its node containers: `running`, `stopped`, `incomplete`, `dead`, `stuck`, `unfinished`, `absent`,
    /// `foreign` (not created by podproof), or `elsewhere` (created on another engine).
    pub state: &'static str,
    /// The API server's version; `None` if it does not answer.
    pub version: Option<String>,
    /// Why it cannot be used; `None` if there is no known problem.
    pub problem: Option<String>,
    /// The names of its nodes.
    pub nodes: Vec<String>,
    /// Its node image; `None` if unknown.
    pub image: Option<String>,
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
}

/// A running cluster that podproof made, whose nodes are containers. While this value exists, no other podproof changes
/// or removes the cluster.
#[derive(Clone, Debug)]
pub struct OwnCluster {
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

impl OwnCluster {
    /// The node containers.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Connects to the cluster, with these images for test pods.
    pub(super) async fn connect(&self, images: Images, patience: Duration) -> Result<Access, ClusterError> {
        Ok(connect(Some(&self.kubeconfig), &self.context, images, patience).await?)
    }

    pub(super) async fn client(&self, patience: Duration) -> Result<Client, ClusterError> {
        Ok(self.connect(Images::empty(), patience).await?.client)
    }
}

/// The kubeconfig file of one of podproof's own clusters.
pub(super) fn kubeconfig(host: &Host, name: &ClusterName) -> PathBuf {
    host.folders.cluster(name.as_str()).join("kubeconfig")
}

/// Awaits `work`, unless podproof is asked to stop.
pub(super) async fn interruptible<T>(
    host: &Host,
    work: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    tokio::select! {
        result = work => result,
        () = host.cancel.cancelled() => Err(ClusterError::Interrupted),
    }
}
