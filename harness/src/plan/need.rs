//! What a case needs of its cluster beyond a node that runs pods.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::right::Right;

/// Something that not every cluster has. Where it is lacking, the case is skipped and the skip names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A cluster DNS that answers: the Service `kube-dns` with ready endpoints.
    ClusterDns,
    /// Nodes that are containers of the host on which podproof runs: they can be stopped and started, and a command on
    /// them outlives their container runtime.
    NodeContainers,
    /// Two nodes on which ordinary pods may run.
    TwoNodes,
    /// An API server that enforces Pod Security.
    PodSecurity,
    /// Kubelets that allow no unsafe kernel parameter that the manifest asks for.
    NoUnsafeSysctls,
    /// Kubelets that put off restarts as they do by default.
    UsualBackoff,
    /// Kubelets that limit how much of their node's disk pods use.
    LocalStorage,
    /// Proxies that take the ports of services on every address of their nodes.
    AllNodePorts,
    /// The right to reach the ports of pods from outside.
    PortForward,
    /// A container runtime that can give pods users of their own.
    UserNamespaces,
}

impl Need {
    /// What would mend its absence, where that is in somebody's hands.
    #[must_use]
    pub fn mended_by(self) -> Option<&'static str> {
        match self {
            Self::ClusterDns => Some("CoreDNS would be one"),
            Self::NodeContainers => Some("`--cluster kind` has them"),
            Self::TwoNodes => Some("`podproof cluster up --config three-nodes` makes such a cluster"),
            Self::PodSecurity => Some("the API server's admission plugin PodSecurity does it"),
            Self::NoUnsafeSysctls => Some("allowedUnsafeSysctls of the kubelets allows it"),
            Self::UsualBackoff => Some("crashLoopBackOff or a feature gate of the kubelets changes it"),
            Self::LocalStorage => Some("localStorageCapacityIsolation of the kubelets switches it off"),
            Self::AllNodePorts => Some("nodePortAddresses of kube-proxy limits them"),
            Self::UserNamespaces => Some("containerd 2.0 and CRI-O 1.25 can"),
            Self::PortForward => None,
        }
    }

    /// The rights that it is, or without which nobody sees whether it is there.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        match self {
            Self::PortForward => &Right::PORT_FORWARD,
            Self::ClusterDns => &Right::CLUSTER_DNS,
            _ => &[],
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClusterDns => "cluster DNS",
            Self::NodeContainers => "nodes that are containers of this host",
            Self::TwoNodes => "two schedulable nodes",
            Self::PodSecurity => "Pod Security that is enforced",
            Self::NoUnsafeSysctls => "kubelets that refuse the kernel parameter",
            Self::UsualBackoff => "the usual back-off of restarts",
            Self::PortForward => "the right to pods/portforward",
            Self::LocalStorage => "kubelets that limit how much of the disk pods use",
            Self::AllNodePorts => "proxies that take NodePorts on all addresses of their nodes",
            Self::UserNamespaces => "a runtime with user namespaces",
        })
    }
}
