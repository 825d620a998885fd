//! Whether each case was proved able to fail.

use super::record::{CaseRecord, MutantRecord, RunRecord};
use crate::judge::Verdict;

/// What one execution proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The case as it is passed.
    Green,
    /// The case as it is failed: the cluster is at fault, or the case.
    Red,
    /// The mutant made the case fail by the named assertion, and by no other that it may not.
    Killed,
    /// The case passed under the mutant: it cannot fail as it must.
    Survived,
    /// The case failed under the mutant, but not by the named assertion alone.
    KilledOtherwise {
        /// The assertions that failed.
        by: Vec<String>,
    },
    /// The case was not run.
    Skipped {
        /// What is lacking.
        why: String,
    },
    /// Nothing was proved.
    Untold {
        /// Why not.
        why: String,
    },
}

impl Proof {
    /// What the execution proves, given the same case without the mutant. A mutant proves nothing while its
    /// case does not pass by itself.
    #[must_use]
    pub fn of(case: &CaseRecord, green: Option<&CaseRecord>) -> Self {
        let untold = |why: String| Self::Untold { why };
        match (&case.verdict, &case.mutant) {
            (Verdict::Skip { reason }, _) => Self::Skipped { why: reason.clone() },
            (Verdict::Inconclusive { reason }, _) => untold(reason.clone()),
            (Verdict::Pass, None) => Self::Green,
            (Verdict::Fail { .. }, None) => Self::Red,
            (_, Some(_)) if !green.is_some_and(|green| green.verdict.is_pass()) => {
                untold("the case does not pass without the mutant".to_owned())
            }
            (Verdict::Pass, Some(_)) => Self::Survived.unless_unproved(case),
            (Verdict::Fail { .. }, Some(mutant)) => killed(case, mutant).unless_unproved(case),
        }
    }

    /// What a mutant that was not killed as it must be says of a claim that no real cluster has proved: nothing.
    fn unless_unproved(self, case: &CaseRecord) -> Self {
        let not_killed = match &self {
            Self::Survived => "the case passed under the mutant".to_owned(),
            Self::KilledOtherwise { by } => format!("the case failed by {}", by.join(", ")),
            _ => return self,
        };
        match &case.unproved {
            Some(why) => Self::Untold { why: format!("{not_killed}, and the claim is unproved ({why})") },
            None => self,
        }
    }
}

fn killed(case: &CaseRecord, mutant: &MutantRecord) -> Proof {
    let mut by: Vec<_> = case.verdict.findings().iter().map(|finding| finding.assertion.clone()).collect();
    by.dedup();
    let named = by.contains(&mutant.must_fail);
    let allowed = by.iter().all(|name| *name == mutant.must_fail || mutant.may_fail.contains(name));
    if named && allowed { Proof::Killed } else { Proof::KilledOtherwise { by } }
}

/// Each execution of the record with what it proves, in the order of the plan.
#[must_use]
pub fn proofs(record: &RunRecord) -> Vec<(&CaseRecord, Proof)> {
    let green_of = |case: &CaseRecord| {
        record
            .cases
            .iter()
            .find(|other| other.claim == case.claim && other.round == case.round && other.mutant.is_none())
    };
    record.cases.iter().map(|case| (case, Proof::of(case, green_of(case)))).collect()
}
