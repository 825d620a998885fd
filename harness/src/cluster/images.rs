//! Maps the image names in manifests to image references.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The `imagePullPolicy` of test pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// The image must be on the node; otherwise the pod fails at once.
    Never,
    /// The image is pulled if it is not on the node.
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

/// The images of a cluster, by their names in manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Image references by their name in a manifest (`nginx`, `podproof/probe`).
    pub references: BTreeMap<String, String>,
    /// The pull policy for all of them.
    pub pull: PullPolicy,
}

impl Images {
    /// The names that manifests may use.
    pub const NAMES: [&str; 4] = ["podproof/probe", "allingeek/ch6_ipc", "nginx", "debian"];

    /// No images, for callers that do not create pods.
    pub(crate) fn empty() -> Self {
        Self { references: BTreeMap::new(), pull: PullPolicy::Never }
    }

    /// Returns the reference for `name`, or `name` itself if it is unknown.
    #[must_use]
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.references.get(name).map_or(name, String::as_str)
    }
}
