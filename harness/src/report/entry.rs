//! The executions of a record, as documents tell of them.

use std::path::Path;

use super::status::{Class, Status};
use super::text::plain_line;
use crate::evidence::has_evidence;
use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::run::{CaseRecord, Proof, RunRecord, evidence_folder_within, proofs};

/// One execution: what it is, what it proves, and the word for it.
pub(super) struct Entry<'a> {
    /// Its place in the record, which names it on the page.
    pub(super) index: usize,
    pub(super) case: &'a CaseRecord,
    pub(super) proof: Proof,
    pub(super) status: Status,
}

impl Entry<'_> {
    /// The name of its card.
    pub(super) fn anchor(&self) -> String {
        format!("case-{}", self.index)
    }

    /// How long it took, in milliseconds.
    pub(super) fn millis(&self) -> i64 {
        millis(self.case.seconds)
    }

    /// Claim, round and mutant in one line.
    pub(super) fn name(&self) -> String {
        let round = if self.case.round > 1 { format!(" (round {})", self.case.round) } else { String::new() };
        let mutant = self.case.mutant.as_ref().map(|mutant| format!(" under {}", mutant.name));
        plain_line(&format!("{}{round}{}", self.case.claim, mutant.unwrap_or_default()), 200)
    }
}

/// The executions in the order of the plan.
pub(super) fn entries(record: &RunRecord) -> Vec<Entry<'_>> {
    let of = |(index, (case, proof)): (usize, (_, Proof))| {
        let status = Status::of(record.purpose, case, &proof);
        Entry { index, case, proof, status }
    };
    proofs(record).into_iter().enumerate().map(of).collect()
}

/// Whether there is evidence behind a verdict: what was not asked and what could not be begun has none.
pub(super) fn rests_on_evidence(folder: &Path, slug: &str, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Pass | Verdict::Fail { .. } => true,
        Verdict::Inconclusive { .. } | Verdict::Skip { .. } => {
            evidence_folder_within(folder, slug).is_ok_and(|evidence| has_evidence(&evidence))
        }
    }
}

/// How a group is called.
pub(super) fn group_name(purpose: Purpose, class: Class) -> &'static str {
    match (purpose, class) {
        (Purpose::Check, Class::Bad) => "Failed",
        (Purpose::Prove, Class::Bad) => "Not as it must be",
        (_, Class::Untold) => "Inconclusive: could not be told",
        (_, Class::Skipped) => "Skipped",
        (Purpose::Check, Class::Good) => "Passed",
        (Purpose::Prove, Class::Good) => "Passed, or killed as it must be",
    }
}

/// Seconds as milliseconds; never less than none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, and no run lasts that long"
)]
pub(super) fn millis(seconds: f64) -> i64 {
    ((seconds * 1000.0).round() as i64).max(0)
}
