//! The executions of a record, prepared for documents.

use std::path::Path;

use super::status::{CaseStatus, StatusClass};
use super::text::plain_line;
use crate::evidence::has_evidence;
use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::record::{CaseRecord, Proof, RunRecord, evidence_folder_within, proofs};

/// One execution with its proof and its status.
pub(super) struct Entry<'a> {
    /// Its position in the record, which is part of its anchor.
    pub(super) index: usize,
    pub(super) case: &'a CaseRecord,
    pub(super) proof: Proof,
    pub(super) status: CaseStatus,
}

impl Entry<'_> {
    /// The HTML id of its card.
    pub(super) fn anchor(&self) -> String {
        format!("case-{}", self.index)
    }

    /// Its duration, in milliseconds.
    pub(super) fn millis(&self) -> i64 {
        millis(self.case.seconds)
    }

    /// The claim, round and mutant in one line.
    pub(super) fn name(&self) -> String {
        let round = if self.case.round > 1 { format!(" (round {})", self.case.round) } else { String::new() };
        let mutant = self.case.mutant.as_ref().map(|mutant| format!(" under {}", mutant.name));
        plain_line(&format!("{}{round}{}", self.case.claim, mutant.unwrap_or_default()), 200)
    }
}

/// The executions in the order of the plan.
pub(super) fn entries(record: &RunRecord) -> Vec<Entry<'_>> {
    let of = |(index, (case, proof)): (usize, (_, Proof))| {
        let status = CaseStatus::of(record.purpose, case, &proof);
        Entry { index, case, proof, status }
    };
    proofs(record).into_iter().enumerate().map(of).collect()
}

/// Returns whether the verdict has evidence. Skipped cases and cases that could not start have none.
pub(super) fn rests_on_evidence(folder: &Path, slug: &str, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Pass | Verdict::Fail { .. } => true,
        Verdict::Inconclusive { .. } | Verdict::Skip { .. } => {
            evidence_folder_within(folder, slug).is_ok_and(|evidence| has_evidence(&evidence))
        }
    }
}

/// The heading of a group of executions.
pub(super) fn group_name(purpose: Purpose, class: StatusClass) -> &'static str {
    match (purpose, class) {
        (Purpose::Check, StatusClass::Bad) => "Failed",
        (Purpose::Prove, StatusClass::Bad) => "Failed, or mutant not killed",
        (_, StatusClass::Inconclusive) => "Inconclusive",
        (_, StatusClass::Skipped) => "Skipped",
        (Purpose::Check, StatusClass::Good) => "Passed",
        (Purpose::Prove, StatusClass::Good) => "Passed, or mutant killed",
    }
}

/// Converts seconds to milliseconds. Negative values become 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, and no run lasts that long"
)]
pub(super) fn millis(seconds: f64) -> i64 {
    ((seconds * 1000.0).round() as i64).max(0)
}
