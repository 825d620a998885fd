//! A mutant: a small named change under which a healthy cluster must make the case fail.

use json_patch::Patch;
use serde::{Deserialize, Serialize};

/// A Pod Security level: what the case's namespace enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Nothing but what well-behaved pods need; test pods are dressed to pass it.
    #[default]
    Restricted,
    /// For pods that are applied as their author typed them.
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
    /// A name, unique in its case.
    pub name: String,
    /// What it breaks, in a few words.
    pub breaks: String,
    /// The assertion that must fail.
    pub must_fail: String,
    /// Assertions that may fail beside it, because the change breaks them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_fail: Vec<String>,
    /// The Pod Security level its namespace needs, where it is not the case's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// The change of the manifest, RFC 6902; paths begin with an object's name. Without one the manifest stays as it is.
    #[serde(default)]
    pub patch: Patch,
    /// What it does on the node while the case disturbs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saboteur: Option<Saboteur>,
    /// A pod that is run to its end afterwards, because the change leaves something on the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<serde_json::Value>,
}

/// Somebody who breaks something on the node, at the moment that the case has for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saboteur {
    /// A script for the node's shell. `$1` is the pod's UID, `$2` the case's token.
    pub does: String,
    /// The script that mends it afterwards, with the same arguments.
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
