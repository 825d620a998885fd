//! Which image stands for which name in a manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Whether the kubelet may ask a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// The image is on every node, or the pod fails at once.
    Never,
    /// The image is pulled where it is not on the node.
    IfNotPresent,
}

impl PullPolicy {
    /// The value of `imagePullPolicy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "Never",
            Self::IfNotPresent => "IfNotPresent",
        }
    }
}

/// The images of a cluster: the names that manifests use, and what the nodes have for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// From the name in a manifest (`nginx`, `podproof/probe`) to the image reference.
    pub references: BTreeMap<String, String>,
    /// The pull policy for them.
    pub pull: PullPolicy,
}

impl Images {
    /// The names that manifests may use.
    pub const NAMES: [&str; 4] = ["podproof/probe", "allingeek/ch6_ipc", "nginx", "debian"];

    /// No images, for who only asks.
    pub(super) fn none() -> Self {
        Self { references: BTreeMap::new(), pull: PullPolicy::Never }
    }

    /// What stands for `name`; a name that is not known stands for itself.
    #[must_use]
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.references.get(name).map_or(name, String::as_str)
    }
}
