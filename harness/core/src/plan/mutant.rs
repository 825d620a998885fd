//! Mutants: small named changes under which a case must fail even on a healthy cluster.

use json_patch::Patch;
use serde::{Deserialize, Serialize};

/// A Pod Security level that a case's namespace enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// The strictest level. podproof completes test pods so that they pass it.
    #[default]
    Restricted,
    /// For pods that are created exactly as written.
    Baseline,
    /// For mutants that need the host's namespaces or paths.
    Privileged,
}

impl Security {
    /// The value of the `pod-security.kubernetes.io/enforce` label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// One mutant of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Its name, unique in its case.
    pub name: String,
    /// The behavior that it breaks, in a few words.
    pub breaks: String,
    /// The assertion that must fail.
    pub must_fail: String,
    /// The assertions that may fail as well, because the change breaks them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_fail: Vec<String>,
    /// The Pod Security level of its namespace, if it differs from the case's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// The RFC 6902 patch of the manifest, with paths that start with the name of an object. May be empty.
    #[serde(default)]
    pub patch: Patch,
    /// The action on the node while the case runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saboteur: Option<Saboteur>,
    /// A pod that runs to completion afterwards, to remove changes from the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<serde_json::Value>,
}

/// A script that breaks something on the node at the moment that the case provides for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saboteur {
    /// A script for the node's shell. `$1` is the pod's UID, `$2` the case's token.
    pub does: String,
    /// The script that reverts the change afterwards, with the same arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

/// A mutants file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutants {
    /// The mutants, in the order in which they are proved.
    pub mutants: Vec<Mutant>,
}
