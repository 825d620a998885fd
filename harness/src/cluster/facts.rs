//! Facts about a cluster for reports; never part of a case's identity.

use std::time::Duration;

use futures::{StreamExt as _, stream, try_join};
use k8s_openapi::api::core::v1::{Endpoints, Node};
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::time::Instant;

use super::detection::{Detector, handlers};
use podproof_core::cluster_facts::{ClusterFacts, NodeCapabilities, NodeFacts};

/// The maximum number of nodes whose kubelets are asked, because every record stores the answers.
const MOST_KUBELETS: usize = 50;

/// The number of kubelets asked at the same time.
const KUBELETS_AT_ONCE: usize = 8;

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

    #[test]
    fn cpu_quantities_are_parsed_as_millicores() {
        assert_eq!(millicores("2"), Some(2000));
        assert_eq!(millicores("1930m"), Some(1930));
        assert_eq!(millicores("two"), None);
    }
}
