//! The verdict ladder.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a case says of its claim. The order is the ladder: a worse verdict is greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Verdict {
    /// The claim held.
    Pass,
    /// The claim was not checked.
    Skip {
        /// What is lacking.
        reason: String,
    },
    /// Whether the claim held could not be told.
    Inconclusive {
        /// Why not.
        reason: String,
    },
    /// The cluster contradicted the claim.
    Fail {
        /// Each contradiction; at least one.
        findings: Vec<Finding>,
    },
}

/// One contradiction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The assertion that does not hold, by its name in the golden list.
    pub assertion: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// Where in the evidence.
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

    /// The findings of a fail; none otherwise.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Fail { findings } => findings,
            Self::Pass | Self::Skip { .. } | Self::Inconclusive { .. } => &[],
        }
    }

    /// Whether it is a pass.
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
