//! What a cluster is: facts for reports, never part of a case's identity.

use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client};
use serde::{Deserialize, Serialize};

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The API server's version, `v1.20.2`.
    pub version: String,
    /// Its nodes, by name.
    pub nodes: Vec<NodeFacts>,
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
    /// Whether pods without tolerations may be scheduled to it.
    pub schedulable: bool,
}

/// Asks the cluster for its version and its nodes.
pub async fn read_facts(client: &Client) -> Result<Facts, kube::Error> {
    let version = client.apiserver_version().await?.git_version;
    let nodes: Api<Node> = Api::all(client.clone());
    let mut nodes: Vec<_> = nodes.list(&ListParams::default()).await?.iter().map(node_facts).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Facts { version, nodes })
}

fn node_facts(node: &Node) -> NodeFacts {
    let status = node.status.as_ref();
    let info = status.and_then(|status| status.node_info.clone()).unwrap_or_default();
    let pods = status
        .and_then(|status| status.allocatable.as_ref()?.get("pods")?.0.parse().ok())
        .unwrap_or_default();
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let cordoned = node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or_default();
    NodeFacts {
        name: node.metadata.name.clone().unwrap_or_default(),
        kubelet: info.kubelet_version,
        runtime: info.container_runtime_version,
        os: info.os_image,
        kernel: info.kernel_version,
        architecture: info.architecture,
        pods,
        schedulable: !cordoned && taints.iter().all(|taint| taint.effect == "PreferNoSchedule"),
    }
}
