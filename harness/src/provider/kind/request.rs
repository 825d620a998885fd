//! The request for a kind cluster.

use super::topology::Topology;
use crate::provider::cluster_name::ClusterName;
use crate::provider::options::UpOptions;

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

impl ClusterRequest {
    /// The request for a cluster of this name, whose nodes will not be disturbed.
    #[must_use]
    pub fn new(name: &ClusterName, options: &UpOptions) -> Self {
        // Infallible: any other word is the name of a file.
        let topology = options.config.as_ref().map(|config| config.parse().unwrap_or(Topology::OneNode));
        Self { name: name.clone(), topology, image: options.image.clone(), exclusive: false }
    }
}
