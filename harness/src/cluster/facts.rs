//! Facts about a cluster for reports; never part of a case's identity.

use std::time::Duration;

use futures::{StreamExt as _, stream, try_join};
use k8s_openapi::api::core::v1::{Endpoints, Node};
use kube::api::ListParams;
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::capabilities::{Capabilities, NodeCapabilities};
use super::detection::{Detector, handlers};

/// The maximum number of nodes whose kubelets are asked, because every record stores the answers.
const MOST_KUBELETS: usize = 50;

/// The number of kubelets asked at the same time.
const KUBELETS_AT_ONCE: usize = 8;

/// Facts that a cluster reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// The kubeconfig context through which the cluster was accessed; it may contain any characters. (A cluster has no
    /// name of its own.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The API server's version, `v1.20.2`.
    pub version: String,
    /// Its nodes, sorted by name.
    pub nodes: Vec<NodeFacts>,
    /// True if the cluster has DNS: the Service `kube-dns` has a ready endpoint.
    #[serde(default)]
    pub cluster_dns: bool,
    /// Cluster-wide capabilities, as far as they are known.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// True if its nodes are containers on podproof's host, which podproof can stop and start.
    #[serde(default)]
    pub node_containers: bool,
}

/// Facts that a node reports.
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
    /// The CPU architecture, for example `amd64` or `arm64`.
    pub architecture: String,
    /// The maximum number of pods.
    pub pods: u32,
    /// The allocatable CPU, in millicores.
    #[serde(default)]
    pub millicores: u64,
    /// True if pods without tolerations can be scheduled on it.
    pub schedulable: bool,
    /// Capabilities of its pods, as far as they are known.
    #[serde(default)]
    pub capabilities: NodeCapabilities,
}

impl ClusterFacts {
    /// Returns how many cases the schedulable nodes can run at once, at least 1. A case mostly waits for the kubelet,
    /// which has one loop for all pods, and needs little CPU.
    #[must_use]
    pub fn parallel_cases(&self) -> usize {
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

/// Parses a CPU quantity, for example `2` or `1930m`.
fn millicores(quantity: &str) -> Option<u64> {
    match quantity.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => quantity.parse::<u64>().ok()?.checked_mul(1000),
    }
}

/// Reads the cluster's version, nodes, DNS and capabilities. Capabilities get a quarter of `patience`; those that the
/// cluster does not report in time stay unknown.
pub async fn read_facts(client: &Client, patience: Duration) -> Result<ClusterFacts, kube::Error> {
    let version = client.apiserver_version().await?.git_version;
    let detector = Detector::new(client, &version, Instant::now() + patience / 4);
    let (nodes, cluster_dns, capabilities) =
        try_join!(read_nodes(client, &detector), has_dns(client), async {
            Ok(Box::pin(detector.capabilities()).await)
        })?;
    Ok(ClusterFacts { name: None, version, nodes, cluster_dns, capabilities, node_containers: false })
}

async fn read_nodes(client: &Client, detector: &Detector<'_>) -> Result<Vec<NodeFacts>, kube::Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let mut nodes = nodes.list(&ListParams::default()).await?.items;
    nodes.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let mut kubelets = 0;
    let facts = nodes.iter().map(|node| {
        let mut facts = node_facts(node);
        // An unready node would use up the whole time.
        let is_asked = facts.schedulable && is_ready(node) && kubelets < MOST_KUBELETS;
        kubelets += usize::from(is_asked);
        async move {
            if is_asked {
                detector.read_kubelet(&mut facts).await;
            }
            facts
        }
    });
    let facts: Vec<_> = facts.collect();
    Ok(stream::iter(facts).buffered(KUBELETS_AT_ONCE).collect().await)
}

/// Returns whether the node has the condition `Ready`.
pub(crate) fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Without permission to read endpoints the answer is no: cases that need DNS are then skipped, with that reason.
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

    fn parallel_cases(nodes: Vec<NodeFacts>) -> usize {
        let capabilities = Capabilities::default();
        ClusterFacts {
            name: None,
            version: "v1.20.2".to_owned(),
            nodes,
            cluster_dns: false,
            capabilities,
            node_containers: false,
        }
        .parallel_cases()
    }

    #[test]
    fn parallel_cases_grow_with_cpu_up_to_the_pod_limit() {
        assert_eq!(parallel_cases(vec![node(2000, 110)]), 16);
        assert_eq!(parallel_cases(vec![node(500, 110)]), 8);
        assert_eq!(parallel_cases(vec![node(64_000, 110)]), 27);
        assert_eq!(parallel_cases(vec![node(2000, 110), node(2000, 110)]), 32);
        assert_eq!(parallel_cases(vec![NodeFacts { schedulable: false, ..node(2000, 110) }]), 1);
    }

    #[test]
    fn cpu_quantities_are_parsed_as_millicores() {
        assert_eq!(millicores("2"), Some(2000));
        assert_eq!(millicores("1930m"), Some(1930));
        assert_eq!(millicores("two"), None);
    }
}
