//! Optional features of a cluster that a case may need.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::right::Right;

/// A feature that not every cluster has. Without it, the case is skipped with the feature's name as the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A working cluster DNS: the Service `kube-dns` with ready endpoints.
    ClusterDns,
    /// Nodes that are containers on podproof's host. They can be rebooted, and commands on them survive a stop of the
    /// container runtime.
    NodeContainers,
    /// Two nodes on which ordinary pods can be scheduled.
    TwoNodes,
    /// An API server that enforces Pod Security.
    PodSecurity,
    /// Kubelets that reject the unsafe kernel parameters that the manifest sets.
    NoUnsafeSysctls,
    /// Kubelets with the default restart back-off.
    UsualBackoff,
    /// Kubelets that limit the disk usage of pods.
    LocalStorage,
    /// Proxies that accept node ports on every address of their nodes.
    AllNodePorts,
    /// The permission to forward ports of pods.
    PortForward,
    /// A container runtime that supports user namespaces.
    UserNamespaces,
}

impl Need {
    /// How to get the feature, in a few words.
    #[must_use]
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::ClusterDns => Some("install CoreDNS, for example"),
            Self::NodeContainers => Some("use `--cluster kind`"),
            Self::TwoNodes => Some("`podproof cluster up --config three-nodes` creates them"),
            Self::PodSecurity => Some("enable the API server's admission plugin PodSecurity"),
            Self::NoUnsafeSysctls => Some("allowedUnsafeSysctls of the kubelets allows it"),
            Self::UsualBackoff => Some("crashLoopBackOff or a feature gate of the kubelets changes it"),
            Self::LocalStorage => Some("localStorageCapacityIsolation of the kubelets switches it off"),
            Self::AllNodePorts => Some("nodePortAddresses of kube-proxy limits them"),
            Self::UserNamespaces => Some("containerd 2.0 and CRI-O 1.25 support them"),
            Self::PortForward => None,
        }
    }

    /// The permissions of which the feature consists, or that are needed to detect it.
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
            Self::PodSecurity => "enforced Pod Security",
            Self::NoUnsafeSysctls => "kubelets that refuse the kernel parameter",
            Self::UsualBackoff => "the default restart back-off",
            Self::PortForward => "permission for pods/portforward",
            Self::LocalStorage => "kubelets that limit the disk usage of pods",
            Self::AllNodePorts => "NodePorts on all node addresses",
            Self::UserNamespaces => "a runtime with user namespaces",
        })
    }
}
