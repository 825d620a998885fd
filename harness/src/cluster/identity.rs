//! Detects whether a cluster was replaced or its nodes were restarted.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::join;
use tokio::time::timeout;

use podproof_core::cluster_facts::{Identity, Instance};

use super::access::Access;
use super::node_access::NodeAccess;

impl Access {
    /// Reads the cluster's identity. Each request takes at most `patience`.
    pub async fn identity(&self, patience: Duration) -> Identity {
        let containers = async {
            match &self.node_access {
                NodeAccess::Containers(containers) => containers.instances(patience).await,
                NodeAccess::Inspector => None,
            }
        };
        let (kube_system, nodes, containers) = join!(
            timeout(patience, kube_system(&self.client)),
            timeout(patience, nodes(&self.client)),
            containers
        );
        Identity { kube_system: kube_system.ok().flatten(), nodes: nodes.ok().flatten(), containers }
    }
}

async fn kube_system(client: &Client) -> Option<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.get("kube-system").await.ok()?.metadata.uid
}

async fn nodes(client: &Client) -> Option<BTreeMap<String, Instance>> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = nodes.list(&ListParams::default()).await.ok()?;
    let instance = |node: Node| {
        let start = node.status.and_then(|status| status.node_info).map(|info| info.boot_id);
        Some((node.metadata.name?, Instance { id: node.metadata.uid?, start: start.unwrap_or_default() }))
    };
    Some(list.items.into_iter().filter_map(instance).collect())
}
