//! What a cluster is: facts for reports, never part of a case's identity.

use std::time::Duration;

use futures::{StreamExt as _, stream, try_join};
use k8s_openapi::api::core::v1::{Endpoints, Node};
use kube::api::ListParams;
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::capabilities::{Capabilities, NodeCapabilities};
use super::questions::{Asker, handlers};

/// The kubelets of no more nodes are asked: the answers of all have a place in every record.
const MOST_KUBELETS: usize = 50;

/// How many kubelets are asked at once.
const KUBELETS_AT_ONCE: usize = 8;

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The name under which it was asked: its context in a kubeconfig, which may have any characters. Its own it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The API server's version, `v1.20.2`.
    pub version: String,
    /// Its nodes, by name.
    pub nodes: Vec<NodeFacts>,
    /// Whether a cluster DNS is there: the Service `kube-dns` with an endpoint that is ready.
    #[serde(default)]
    pub cluster_dns: bool,
    /// What can be done in it, as far as it tells.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Whether its nodes are containers of the host on which podproof runs, which can be stopped and started.
    #[serde(default)]
    pub node_containers: bool,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Its name.
    pub name: String,
    /// The kubelet's version.
    pub kubelet: String,
    /// The container runtime and its version, `containerd://1.6.20`.
    pub runtime: String,
    /// The operating system image.
    pub os: String,
    /// The kernel's version.
    pub kernel: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// How many pods it takes.
    pub pods: u32,
    /// How many processors its pods may use, in thousandths.
    #[serde(default)]
    pub millicores: u64,
    /// Whether pods without tolerations may be scheduled to it.
    pub schedulable: bool,
    /// What its pods can do, as far as it tells.
    #[serde(default)]
    pub capabilities: NodeCapabilities,
}

impl Facts {
    /// How many cases its schedulable nodes have room for at once. A case mostly waits: for its kubelet, which has
    /// one loop for all pods, more than for processors.
    #[must_use]
    pub fn room(&self) -> usize {
        const CASES_PER_CORE: u64 = 8;
        const PODS_PER_CASE: u64 = 4;
        let cases = |node: &NodeFacts| {
            let by_cores = (node.millicores * CASES_PER_CORE / 1000).max(CASES_PER_CORE);
            by_cores.min(u64::from(node.pods) / PODS_PER_CASE)
        };
        let room = self.nodes.iter().filter(|node| node.schedulable).map(cases).sum::<u64>();
        usize::try_from(room).unwrap_or(usize::MAX).max(1)
    }
}

/// A quantity of processors, `2` or `1930m`, in thousandths.
fn millicores(quantity: &str) -> Option<u64> {
    match quantity.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => quantity.parse::<u64>().ok()?.checked_mul(1000),
    }
}

/// Asks the cluster for its version, its nodes, its DNS, and what can be done in it. The last may stay unanswered; it
/// gets a quarter of `patience`.
pub async fn read_facts(client: &Client, patience: Duration) -> Result<Facts, kube::Error> {
    let version = client.apiserver_version().await?.git_version;
    let asker = Asker::new(client, &version, Instant::now() + patience / 4);
    let (nodes, cluster_dns, capabilities) = try_join!(read_nodes(client, &asker), has_dns(client), async {
        Ok(Box::pin(asker.capabilities()).await)
    })?;
    Ok(Facts { name: None, version, nodes, cluster_dns, capabilities, node_containers: false })
}

async fn read_nodes(client: &Client, asker: &Asker<'_>) -> Result<Vec<NodeFacts>, kube::Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let mut nodes = nodes.list(&ListParams::default()).await?.items;
    nodes.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let mut kubelets = 0;
    let facts = nodes.iter().map(|node| {
        let mut facts = node_facts(node);
        // One that does not answer costs the whole time.
        let answers = facts.schedulable && is_ready(node) && kubelets < MOST_KUBELETS;
        kubelets += usize::from(answers);
        async move {
            if answers {
                asker.ask_kubelet(&mut facts).await;
            }
            facts
        }
    });
    let facts: Vec<_> = facts.collect();
    Ok(stream::iter(facts).buffered(KUBELETS_AT_ONCE).collect().await)
}

/// Whether a node says that it is ready.
pub(crate) fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Who may not look is taken to have none: what needs it is skipped, and the skip says so.
async fn has_dns(client: &Client) -> Result<bool, kube::Error> {
    let endpoints: Api<Endpoints> = Api::namespaced(client.clone(), "kube-system");
    match endpoints.get_opt("kube-dns").await {
        Ok(found) => {
            let subsets = found.and_then(|endpoints| endpoints.subsets).unwrap_or_default();
            Ok(subsets.iter().any(|subset| subset.addresses.as_ref().is_some_and(|ready| !ready.is_empty())))
        }
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(false),
        Err(error) => Err(error),
    }
}

fn node_facts(node: &Node) -> NodeFacts {
    let status = node.status.as_ref();
    let info = status.and_then(|status| status.node_info.clone()).unwrap_or_default();
    let allocatable = |name: &str| Some(status?.allocatable.as_ref()?.get(name)?.0.as_str());
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let cordoned = node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or_default();
    NodeFacts {
        name: node.metadata.name.clone().unwrap_or_default(),
        kubelet: info.kubelet_version,
        runtime: info.container_runtime_version,
        os: info.os_image,
        kernel: info.kernel_version,
        architecture: info.architecture,
        pods: allocatable("pods").and_then(|pods| pods.parse().ok()).unwrap_or_default(),
        millicores: allocatable("cpu").and_then(millicores).unwrap_or_default(),
        schedulable: !cordoned && taints.iter().all(|taint| taint.effect == "PreferNoSchedule"),
        capabilities: NodeCapabilities { handlers: handlers(node), ..NodeCapabilities::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(millicores: u64, pods: u32) -> NodeFacts {
        let text = String::new;
        NodeFacts {
            name: text(),
            kubelet: text(),
            runtime: text(),
            os: text(),
            kernel: text(),
            architecture: text(),
            pods,
            millicores,
            schedulable: true,
            capabilities: NodeCapabilities::default(),
        }
    }

    fn room(nodes: Vec<NodeFacts>) -> usize {
        let capabilities = Capabilities::default();
        Facts {
            name: None,
            version: "v1.20.2".to_owned(),
            nodes,
            cluster_dns: false,
            capabilities,
            node_containers: false,
        }
        .room()
    }

    #[test]
    fn room_grows_with_processors_and_ends_with_pods() {
        assert_eq!(room(vec![node(2000, 110)]), 16);
        assert_eq!(room(vec![node(500, 110)]), 8);
        assert_eq!(room(vec![node(64_000, 110)]), 27);
        assert_eq!(room(vec![node(2000, 110), node(2000, 110)]), 32);
        assert_eq!(room(vec![NodeFacts { schedulable: false, ..node(2000, 110) }]), 1);
    }

    #[test]
    fn processors_are_counted_in_thousandths() {
        assert_eq!(millicores("2"), Some(2000));
        assert_eq!(millicores("1930m"), Some(1930));
        assert_eq!(millicores("two"), None);
    }
}
