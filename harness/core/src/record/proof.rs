//! What each execution proves about its case.

use super::run_record::{CaseRecord, MutantRecord, RunRecord};
use crate::judge::Verdict;

/// The result of one execution, under a mutant or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The unmodified case passed.
    Passed,
    /// The unmodified case failed: the cluster or the case is at fault.
    Failed,
    /// The mutant made the case fail by the named assertion, and by no assertion that must hold.
    Killed,
    /// The case passed under the mutant, so it does not detect what the mutant breaks.
    Survived,
    /// The case failed under the mutant, but not only by the assertions that the mutant allows.
    WrongAssertion {
        /// The assertions that failed.
        by: Vec<String>,
    },
    /// The case was not run.
    Skipped {
        /// The missing precondition.
        why: String,
    },
    /// The execution proves nothing.
    Inconclusive {
        /// The reason.
        why: String,
    },
}

impl Proof {
    /// The result of `case`, given `unmodified`, the execution of the same case without a mutant. A mutant proves
    /// nothing unless the unmodified case passes.
    #[must_use]
    pub fn of(case: &CaseRecord, unmodified: Option<&CaseRecord>) -> Self {
        let inconclusive = |why: String| Self::Inconclusive { why };
        match (&case.verdict, &case.mutant) {
            (Verdict::Skip { reason }, _) => Self::Skipped { why: reason.clone() },
            (Verdict::Inconclusive { reason }, _) => inconclusive(reason.clone()),
            (Verdict::Pass, None) => Self::Passed,
            (Verdict::Fail { .. }, None) => Self::Failed,
            (_, Some(_)) if !unmodified.is_some_and(|unmodified| unmodified.verdict.is_pass()) => {
                inconclusive("the case does not pass without the mutant".to_owned())
            }
            (Verdict::Pass, Some(_)) => Self::Survived.inconclusive_if_unproved(case),
            (Verdict::Fail { .. }, Some(mutant)) => killed(case, mutant).inconclusive_if_unproved(case),
        }
    }

    /// Turns a mutant that was not killed into an inconclusive result if no real cluster has proved the claim yet.
    fn inconclusive_if_unproved(self, case: &CaseRecord) -> Self {
        let not_killed = match &self {
            Self::Survived => "the case passed under the mutant".to_owned(),
            Self::WrongAssertion { by } => format!("the case failed by {}", by.join(", ")),
            _ => return self,
        };
        match &case.unproved {
            Some(why) => {
                Self::Inconclusive { why: format!("{not_killed}, and the claim is unproved ({why})") }
            }
            None => self,
        }
    }
}

fn killed(case: &CaseRecord, mutant: &MutantRecord) -> Proof {
    let mut by: Vec<_> = case.verdict.findings().iter().map(|finding| finding.assertion.clone()).collect();
    by.dedup();
    let named = by.contains(&mutant.must_fail);
    let allowed = by.iter().all(|name| *name == mutant.must_fail || mutant.may_fail.contains(name));
    if named && allowed { Proof::Killed } else { Proof::WrongAssertion { by } }
}

/// Each execution of the record with its result, in plan order.
#[must_use]
pub fn proofs(record: &RunRecord) -> Vec<(&CaseRecord, Proof)> {
    let unmodified_of = |case: &CaseRecord| {
        record
            .cases
            .iter()
            .find(|other| other.claim == case.claim && other.round == case.round && other.mutant.is_none())
    };
    record.cases.iter().map(|case| (case, Proof::of(case, unmodified_of(case)))).collect()
}
