//! The word that says how an execution ended.

use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::run::{CaseRecord, Proof};

/// How an execution ended, in one ASCII word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pass,
    Fail,
    /// A fail of a case that held in another attempt.
    Flaky,
    Inconclusive,
    Skip,
    Killed,
    Survived,
    KilledOtherwise,
    Untold,
}

/// Whether an execution is as it must be. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// It is not.
    Bad,
    /// It could not be told.
    Untold,
    /// It was not asked.
    Skipped,
    /// It is.
    Good,
}

impl Status {
    /// A case as it is has its verdict's word; what became of a mutant has a word of its own.
    pub(super) fn of(purpose: Purpose, case: &CaseRecord, proof: &Proof) -> Self {
        match (purpose, proof, &case.mutant) {
            (Purpose::Prove, Proof::Killed, Some(_)) => Self::Killed,
            (Purpose::Prove, Proof::Survived, Some(_)) => Self::Survived,
            (Purpose::Prove, Proof::KilledOtherwise { .. }, Some(_)) => Self::KilledOtherwise,
            (Purpose::Prove, Proof::Untold { .. }, Some(_)) => Self::Untold,
            (Purpose::Prove, Proof::Green | Proof::Red | Proof::Skipped { .. }, _)
            | (Purpose::Check, _, _)
            | (_, _, None) => Self::of_case(case),
        }
    }

    /// The word for a case, whatever the run was for.
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

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Flaky => "FLAKY",
            Self::Inconclusive => "INCONC",
            Self::Skip => "SKIP",
            Self::Killed => "KILLED",
            Self::Survived => "SURVIVED",
            Self::KilledOtherwise => "OTHERWISE",
            Self::Untold => "UNTOLD",
        }
    }

    /// Whether it is as it must be.
    pub(super) fn class(self) -> Class {
        match self {
            Self::Pass | Self::Killed => Class::Good,
            Self::Fail | Self::Flaky | Self::Survived | Self::KilledOtherwise => Class::Bad,
            Self::Inconclusive | Self::Untold => Class::Untold,
            Self::Skip => Class::Skipped,
        }
    }
}

/// How wide the words of a run of this purpose get.
pub(super) fn widest(purpose: Purpose) -> usize {
    let word = match purpose {
        Purpose::Check => Status::Inconclusive,
        Purpose::Prove => Status::KilledOtherwise,
    };
    word.word().len()
}

/// The assertion a fail is known by, or why there is no verdict: one line of free text; nothing for a pass.
pub(super) fn gist(case: &CaseRecord, proof: &Proof) -> String {
    match (&case.verdict, proof) {
        (Verdict::Skip { reason } | Verdict::Inconclusive { reason }, _) => reason.clone(),
        (_, Proof::Skipped { why } | Proof::Untold { why }) => why.clone(),
        (Verdict::Pass, _) => String::new(),
        (Verdict::Fail { findings }, _) => {
            let mut names: Vec<_> = findings.iter().map(|finding| finding.assertion.as_str()).collect();
            names.dedup();
            names.join(", ")
        }
    }
}
