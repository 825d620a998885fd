//! Opens access to a kind cluster, which is brought up if necessary.

use super::cluster::after_restart;
use super::request::ClusterRequest;
use super::up::up;
use crate::cluster::{Access, NodeContainers};
use crate::host::Host;
use crate::provider::cluster_name::ClusterName;
use crate::provider::error::ClusterError;
use crate::provider::image::load_images;
use crate::provider::options::{ClusterSharing, OpenOptions};

/// Brings up the cluster, loads the images of test pods into its nodes, and connects to it.
pub async fn open(host: &Host, name: &ClusterName, options: &OpenOptions) -> Result<Access, ClusterError> {
    let exclusive = options.sharing == ClusterSharing::Exclusive;
    let request = ClusterRequest { name: name.clone(), exclusive, ..ClusterRequest::default() };
    let cluster = up(host, &request).await?;
    let images = load_images(host, cluster.nodes(), &options.probe).await?;
    let access = cluster.connect(options.with_overrides(images), options.patience).await?;
    let ids = cluster.nodes().iter().map(|node| (node.name.clone(), node.id.clone())).collect();
    let containers = NodeContainers::new(host, ids, after_restart(&cluster), cluster.held.clone());
    Ok(access.with_node_containers(containers))
}
