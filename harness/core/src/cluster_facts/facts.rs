//! Facts about a cluster: for reports and preconditions, never part of a case's identity.

use serde::{Deserialize, Serialize};

use super::capabilities::{Capabilities, NodeCapabilities};

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
}
