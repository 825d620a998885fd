//! How a cluster is opened or made, whoever provides it.

use std::path::PathBuf;
use std::time::Duration;

use crate::cluster::Images;

/// Whether other podproof processes may use one of podproof's own clusters at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterSharing {
    /// They may: the nodes are not disturbed.
    Shared,
    /// They may not: the nodes will be disturbed.
    Exclusive,
}

/// How to open access to a cluster.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The probe's executable, which is in the image of test pods.
    pub probe: PathBuf,
    /// References to use instead of podproof's own, with the names that manifests use.
    pub images: Vec<(String, String)>,
    /// Whether others may use the cluster meanwhile.
    pub sharing: ClusterSharing,
    /// Time limit for the API server's answers.
    pub patience: Duration,
}

impl OpenOptions {
    /// Replaces references by those of the options.
    pub(super) fn with_overrides(&self, mut images: Images) -> Images {
        images.references.extend(self.images.iter().cloned());
        images
    }
}

/// The cluster that is wanted. What is `None` does not matter for a cluster that exists.
#[derive(Clone, Debug, Default)]
pub struct UpOptions {
    /// Its nodes: `one-node` (of a new cluster, the default), `three-nodes`, or a configuration file of the provider.
    pub config: Option<String>,
    /// Its node image.
    pub image: Option<String>,
}

/// The inputs of a node image. Each absent part comes from Debian's packages.
#[derive(Clone, Debug, Default)]
pub struct ImageRequest {
    /// A folder of Kubernetes binaries, or `kubernetes-server-linux-amd64.tar.gz`.
    pub binaries: Option<PathBuf>,
    /// A folder with containerd and its tools.
    pub containerd: Option<PathBuf>,
    /// A folder with etcd.
    pub etcd: Option<PathBuf>,
}
