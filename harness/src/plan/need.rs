//! What a case needs of its cluster beyond a node that runs pods.

use std::fmt;

use serde::{Deserialize, Serialize};

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
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClusterDns => "cluster DNS",
            Self::NodeContainers => "nodes that are containers of this host (`--cluster kind`)",
            Self::TwoNodes => "two schedulable nodes",
        })
    }
}
