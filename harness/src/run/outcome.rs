//! How a run went as a whole.

use serde::{Deserialize, Serialize};

use super::oldest::is_made;
use super::proof::{Proof, proofs};
use super::record::{CaseRecord, RunRecord};
use crate::cluster::Facts;
use crate::judge::Verdict;
use crate::plan::{Level, Purpose};

/// How a run went, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every selected claim held; to prove: every mutant was killed by its named assertion.
    Conformant,
    /// Nothing was contradicted, but a core claim was skipped.
    Partial,
    /// Something could not be told.
    Inconclusive,
    /// A claim was contradicted; to prove: a case cannot fail as it must.
    Nonconformant,
}

impl Outcome {
    /// The outcome of a record.
    #[must_use]
    pub fn of(record: &RunRecord) -> Self {
        let worst = match record.purpose {
            Purpose::Check => record.cases.iter().map(|case| of_case(case, &record.cluster)).max(),
            Purpose::Prove => {
                let proofs = proofs(record);
                proofs.iter().map(|(case, proof)| of_proof(proof, case, &record.cluster)).max()
            }
        };
        // A run without any case proves nothing, and one that was interrupted not all that it was to.
        let least = if record.interrupted.is_some() { Self::Partial } else { Self::Conformant };
        worst.unwrap_or(Self::Inconclusive).max(least)
    }

    /// The outcome in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::Partial => "partial",
            Self::Inconclusive => "inconclusive",
            Self::Nonconformant => "nonconformant",
        }
    }
}

fn of_case(case: &CaseRecord, cluster: &Facts) -> Outcome {
    // A claim that clusters of this version do not make yet binds none of them.
    let binds = case.level == Level::Core && is_made(case.since, cluster);
    match (&case.verdict, binds) {
        (Verdict::Skip { .. }, true) => Outcome::Partial,
        (Verdict::Pass, _) | (Verdict::Skip { .. }, false) => Outcome::Conformant,
        (Verdict::Inconclusive { .. }, _) => Outcome::Inconclusive,
        (Verdict::Fail { .. }, _) => Outcome::Nonconformant,
    }
}

fn of_proof(proof: &Proof, case: &CaseRecord, cluster: &Facts) -> Outcome {
    match proof {
        Proof::Skipped { .. } => of_case(case, cluster),
        Proof::Green | Proof::Killed => Outcome::Conformant,
        Proof::Untold { .. } => Outcome::Inconclusive,
        Proof::Survived | Proof::KilledOtherwise { .. } | Proof::Red => Outcome::Nonconformant,
    }
}
