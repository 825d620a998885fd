//! The status of an execution.

use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::record::{CaseRecord, Proof};

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseStatus {
    Pass,
    Fail,
    /// The case failed and passed in different attempts.
    Flaky,
    Inconclusive,
    Skip,
    Killed,
    Survived,
    WrongAssertion,
}

/// The classes of statuses, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StatusClass {
    /// A case failed, or a mutant was not killed as required.
    Bad,
    /// Neither good nor bad.
    Inconclusive,
    /// The case was not run.
    Skipped,
    /// A case passed, or a mutant was killed.
    Good,
}

impl CaseStatus {
    /// The status of an execution. Mutants have statuses of their own; other cases get the status of their verdict.
    pub(super) fn of(purpose: Purpose, case: &CaseRecord, proof: &Proof) -> Self {
        match (purpose, proof, &case.mutant) {
            (Purpose::Prove, Proof::Killed, Some(_)) => Self::Killed,
            (Purpose::Prove, Proof::Survived, Some(_)) => Self::Survived,
            (Purpose::Prove, Proof::WrongAssertion { .. }, Some(_)) => Self::WrongAssertion,
            (Purpose::Prove, Proof::Inconclusive { .. }, Some(_)) => Self::Inconclusive,
            (Purpose::Prove, Proof::Passed | Proof::Failed | Proof::Skipped { .. }, _)
            | (Purpose::Check, _, _)
            | (_, _, None) => Self::of_case(case),
        }
    }

    /// The status of a case, independent of the purpose of the run.
    pub(super) fn of_case(case: &CaseRecord) -> Self {
        if case.is_flaky() { Self::Flaky } else { Self::of_verdict(&case.verdict) }
    }

    pub(super) fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Skip { .. } => Self::Skip,
            Verdict::Inconclusive { .. } => Self::Inconclusive,
            Verdict::Fail { .. } => Self::Fail,
        }
    }

    /// The status in one ASCII word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Flaky => "FLAKY",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Skip => "SKIP",
            Self::Killed => "KILLED",
            Self::Survived => "SURVIVED",
            Self::WrongAssertion => "WRONG-ASSERTION",
        }
    }

    pub(super) fn class(self) -> StatusClass {
        match self {
            Self::Pass | Self::Killed => StatusClass::Good,
            Self::Fail | Self::Flaky | Self::Survived | Self::WrongAssertion => StatusClass::Bad,
            Self::Inconclusive => StatusClass::Inconclusive,
            Self::Skip => StatusClass::Skipped,
        }
    }
}

/// The width of the longest status word in a run with this purpose.
pub(super) fn widest(purpose: Purpose) -> usize {
    let word = match purpose {
        Purpose::Check => CaseStatus::Inconclusive,
        Purpose::Prove => CaseStatus::WrongAssertion,
    };
    word.word().len()
}

/// Summarizes an execution in one line of unescaped text: the failed assertions, or the reason of a skipped or
/// inconclusive verdict. Empty for a pass.
pub(super) fn gist(case: &CaseRecord, proof: &Proof) -> String {
    match (&case.verdict, proof) {
        (Verdict::Skip { reason } | Verdict::Inconclusive { reason }, _) => reason.clone(),
        (_, Proof::Skipped { why } | Proof::Inconclusive { why }) => why.clone(),
        (Verdict::Pass, _) => String::new(),
        (Verdict::Fail { findings }, _) => {
            let mut names: Vec<_> = findings.iter().map(|finding| finding.assertion.as_str()).collect();
            names.dedup();
            names.join(", ")
        }
    }
}
