//! What is special about a running kind cluster: its context, and the repair of its nodes after a restart.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kube::Client;

use super::cli::context;
use super::network;
use super::node_image::is_built_here;
use crate::cluster::{AfterRestart, NodeError};
use crate::host::Host;
use crate::provider::cluster_name::ClusterName;
use crate::provider::containers::Node;
use crate::provider::own_cluster::{OwnCluster, kubeconfig};

/// Describes the cluster with these node containers and this node image.
pub(super) fn own_cluster(host: &Host, name: &ClusterName, image: &str, nodes: Vec<Node>) -> OwnCluster {
    OwnCluster {
        name: name.clone(),
        kubeconfig: kubeconfig(host, name),
        context: context(name),
        image: image.to_owned(),
        nodes,
        held: None,
    }
}

/// What to do after a restart of one of the cluster's nodes. Only podproof's own node images need it.
pub(super) fn after_restart(cluster: &OwnCluster) -> Option<AfterRestart> {
    is_built_here(&cluster.image).then_some(connect_nodes as AfterRestart)
}

fn connect_nodes<'a>(
    host: &'a Host,
    client: &'a Client,
    nodes: usize,
) -> BoxFuture<'a, Result<(), NodeError>> {
    async move {
        let connected = network::connect(host, client, nodes).await;
        connected.map_err(|error| NodeError::Provider(Box::new(error)))
    }
    .boxed()
}
