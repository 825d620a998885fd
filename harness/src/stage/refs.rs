//! References to what a stage created: pods, other objects, and nodes.

use podproof_core::evidence::Kind;
use serde_json::Value;

/// A created pod: its name and, because names can be reused, its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRef {
    /// Its name.
    pub name: String,
    /// The UID that the API server gave it.
    pub uid: String,
}

/// A created object that is not a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its name in the manifest, which is also its name in the cluster.
    pub name: String,
    /// The UID that the API server gave it.
    pub uid: String,
    /// The object as the API server returned it, with defaults filled in.
    pub object: Value,
}

/// A node on which scripts can run.
#[derive(Clone, Debug)]
pub struct NodeRef {
    pub(super) name: String,
    pub(super) inspector: Option<PodRef>,
}
