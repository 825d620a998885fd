//! The four verdicts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The result of a case for its claim. A worse verdict is greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Verdict {
    /// The claim held.
    Pass,
    /// The claim was not checked.
    Skip {
        /// The missing precondition.
        reason: String,
    },
    /// It is unknown if the claim held.
    Inconclusive {
        /// Why it is unknown.
        reason: String,
    },
    /// The cluster contradicted the claim.
    Fail {
        /// The failed assertions; at least one.
        findings: Vec<Finding>,
    },
}

/// A failed assertion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The name of the assertion in `claims.yaml`.
    pub assertion: String,
    /// The expected value or behavior.
    pub expected: String,
    /// The observed value or behavior.
    pub seen: String,
    /// The position in the evidence.
    pub pointer: String,
}

impl Verdict {
    /// `pass`, `skip`, `inconclusive` or `fail`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip { .. } => "skip",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Fail { .. } => "fail",
        }
    }

    /// The findings of a fail; empty for other verdicts.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Fail { findings } => findings,
            Self::Pass | Self::Skip { .. } | Self::Inconclusive { .. } => &[],
        }
    }

    /// Returns whether it is a pass.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Self::Pass)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { assertion, expected, seen, pointer } = self;
        write!(f, "{assertion}: expected {expected}, seen {seen} ({pointer})")
    }
}
