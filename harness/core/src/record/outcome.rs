//! The outcome of a whole run.

use serde::{Deserialize, Serialize};

use super::proof::{Proof, proofs};
use super::run_record::{CaseRecord, RunRecord};
use crate::cluster_facts::{ClusterFacts, is_new_enough};
use crate::judge::Verdict;
use crate::plan::{Level, Purpose};

/// The outcome of a run, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Every selected claim passed. For `prove`: every mutant was killed by its named assertion.
    Conformant,
    /// Nothing was contradicted, but a core claim was skipped.
    Partial,
    /// A verdict is inconclusive, or the run has no case.
    Inconclusive,
    /// A claim failed. For `prove`: a case cannot fail as it must.
    Nonconformant,
}

impl RunOutcome {
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
        // A run without cases proves nothing. An interrupted run is incomplete, so it is partial at best.
        let least = if record.interrupted.is_some() { Self::Partial } else { Self::Conformant };
        worst.unwrap_or(Self::Inconclusive).max(least)
    }

    /// The outcome in one word, as in the record.
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

fn of_case(case: &CaseRecord, cluster: &ClusterFacts) -> RunOutcome {
    // A claim that is newer than this cluster does not apply to it, so a skip is fine.
    let binds = case.level == Level::Core && is_new_enough(case.since, cluster);
    match (&case.verdict, binds) {
        (Verdict::Skip { .. }, true) => RunOutcome::Partial,
        (Verdict::Pass, _) | (Verdict::Skip { .. }, false) => RunOutcome::Conformant,
        (Verdict::Inconclusive { .. }, _) => RunOutcome::Inconclusive,
        (Verdict::Fail { .. }, _) => RunOutcome::Nonconformant,
    }
}

fn of_proof(proof: &Proof, case: &CaseRecord, cluster: &ClusterFacts) -> RunOutcome {
    match proof {
        Proof::Skipped { .. } => of_case(case, cluster),
        Proof::Passed | Proof::Killed => RunOutcome::Conformant,
        Proof::Inconclusive { .. } => RunOutcome::Inconclusive,
        Proof::Survived | Proof::WrongAssertion { .. } | Proof::Failed => RunOutcome::Nonconformant,
    }
}
