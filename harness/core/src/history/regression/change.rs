//! The changes that a review of a run can find: their kinds, and what follows from the kind.
//!
//! A new kind is a variant and a row here, the code that finds it, and its details in the reports.

use serde::Serialize;

use super::waiver::Waiver;
use crate::history::facts::FactChange;
use crate::history::model::{CaseKey, RunName};
use crate::statistics::Share;

/// The runs between which something changed: after the last good run, and at the latest in the first bad run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRange {
    /// The last run without the problem; `None` if none is known.
    pub last_good: Option<RunName>,
    /// The first run with the problem.
    pub first_bad: RunName,
    /// The environment facts that changed between the two.
    #[serde(rename = "changed")]
    pub changed_facts: Vec<FactChange>,
}

/// A change of the duration of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DurationChange {
    /// True if the change is statistically significant after correction for multiple testing over all cases of the
    /// run; false if it is only suspected.
    pub confirmed: bool,
    /// The median of the baseline, in seconds.
    pub before: f64,
    /// The median of the recent runs, in seconds.
    pub now: f64,
    /// The p-value of the rank-sum test; corrected for multiple testing if `confirmed`.
    pub p: f64,
    /// The runs between which the duration changed.
    #[serde(rename = "window")]
    pub range: ChangeRange,
}

/// The kind of a change, or of a problem that continues, with its details.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "news", rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The case fails and did not before.
    NewFailure {
        /// The runs between which it began to fail.
        #[serde(rename = "window")]
        range: ChangeRange,
    },
    /// The case fails again soon after it was fixed.
    Reopened {
        /// The runs between which it began to fail again.
        #[serde(rename = "window")]
        range: ChangeRange,
        /// The first run in which it was fixed.
        #[serde(rename = "fixed")]
        fixed_in: RunName,
    },
    /// The case has failed in earlier runs too, or in all known runs.
    StillFailing {
        /// The runs between which it began to fail.
        #[serde(rename = "window")]
        range: ChangeRange,
        /// The number of consecutive failures; inconclusive and skipped runs are ignored.
        #[serde(rename = "nights")]
        runs: usize,
    },
    /// The case passes and did not before.
    Fixed {
        /// The first run in which it had failed.
        since: RunName,
        /// The number of consecutive failures; inconclusive and skipped runs are ignored.
        #[serde(rename = "nights")]
        runs: usize,
    },
    /// The case passes and fails without a visible reason.
    Flaky {
        /// The failure rate in the recent runs.
        rate: Share,
        /// The number of changes between pass and fail.
        flips: usize,
        /// True if it failed in this run.
        #[serde(rename = "tonight")]
        in_this_run: bool,
        /// True if it was not known to be flaky before.
        #[serde(rename = "newly")]
        newly_flaky: bool,
    },
    /// The case takes longer.
    Slower(DurationChange),
    /// The case takes less time.
    Faster(DurationChange),
    /// The case has no earlier results of this revision of its claim.
    New {
        /// True if there are results of an earlier revision of the claim.
        revised: bool,
    },
    /// The run does not have the case.
    Missing {
        /// The last run that has the case.
        #[serde(rename = "last")]
        last_present: RunName,
        /// The number of runs that do not have it, including this one.
        runs: usize,
    },
    /// The case was skipped and was not before.
    NewlySkipped {
        /// The last run that did not skip it.
        #[serde(rename = "last")]
        last_run: RunName,
    },
    /// The case was skipped before and is not skipped now.
    #[serde(rename = "no-more-skipped")]
    NoLongerSkipped,
    /// The case is inconclusive.
    Inconclusive {
        /// The runs between which it began to fail, if its last conclusive runs failed.
        failing: Option<ChangeRange>,
    },
}

/// A change of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseChange {
    /// The case.
    pub key: CaseKey,
    /// The kind of change.
    #[serde(rename = "news")]
    pub kind: ChangeKind,
    /// The reason in the run's verdict.
    pub reason: Option<String>,
    /// The waiver that covers the change.
    #[serde(rename = "waived")]
    pub waiver: Option<Waiver>,
}

/// How good or bad a change is. Reports show it as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// A case fails or is missing.
    Bad,
    /// A case got worse but does not fail.
    Warning,
    /// It is unknown whether the case fails.
    Inconclusive,
    /// A case got better.
    Good,
    /// Neither good nor bad.
    Neutral,
}

impl ChangeKind {
    /// Returns whether something got worse within this series. A case that never passed and a suspected slowdown are
    /// reported, but are not regressions.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        match self {
            Self::NewFailure { .. } | Self::Reopened { .. } | Self::Missing { .. } => true,
            Self::StillFailing { range, .. } => range.last_good.is_some(),
            Self::Flaky { in_this_run, newly_flaky, .. } => *in_this_run && *newly_flaky,
            Self::Slower(duration) => duration.confirmed,
            Self::Fixed { .. }
            | Self::Faster(_)
            | Self::New { .. }
            | Self::NewlySkipped { .. }
            | Self::NoLongerSkipped
            | Self::Inconclusive { .. } => false,
        }
    }

    /// The runs between which the change happened. `None` if unknown, or if this kind has no range.
    #[must_use]
    pub fn range(&self) -> Option<&ChangeRange> {
        match self {
            Self::NewFailure { range } | Self::Reopened { range, .. } | Self::StillFailing { range, .. } => {
                Some(range)
            }
            Self::Slower(duration) | Self::Faster(duration) => Some(&duration.range),
            Self::Inconclusive { failing } => failing.as_ref(),
            Self::Flaky { .. }
            | Self::Missing { .. }
            | Self::NewlySkipped { .. }
            | Self::Fixed { .. }
            | Self::New { .. }
            | Self::NoLongerSkipped => None,
        }
    }

    /// How good or bad the change is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.row().1
    }

    /// The heading under which reports list changes of this kind.
    #[must_use]
    pub fn heading(&self) -> &'static str {
        self.row().2
    }

    /// The human-readable label of the change.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.row().3
    }

    /// The importance of the change; 0 is the most important.
    pub(super) fn rank(&self) -> u8 {
        self.row().0
    }

    /// The importance, severity, heading and label. Kinds with the same heading are neighbours.
    fn row(&self) -> (u8, Severity, &'static str, &'static str) {
        const NEW: &str = "New, or no longer skipped";
        match self {
            Self::NewFailure { .. } => (0, Severity::Bad, "New failures", "new failure"),
            Self::Reopened { .. } => (1, Severity::Bad, "New failures", "reopened"),
            Self::StillFailing { .. } => (2, Severity::Bad, "Still failing", "still failing"),
            Self::Missing { .. } => (3, Severity::Bad, "Missing", "missing"),
            Self::Flaky { newly_flaky: true, .. } => (4, Severity::Warning, "Flaky", "newly flaky"),
            Self::Flaky { .. } => (4, Severity::Warning, "Flaky", "flaky"),
            Self::Slower(duration) if duration.confirmed => (5, Severity::Warning, "Slower", "slower"),
            Self::Slower(_) => (5, Severity::Warning, "Slower", "slower?"),
            Self::NewlySkipped { .. } => (6, Severity::Warning, "Newly skipped", "newly skipped"),
            Self::Inconclusive { .. } => (7, Severity::Inconclusive, "Inconclusive", "inconclusive"),
            Self::Fixed { .. } => (8, Severity::Good, "Fixed", "fixed"),
            Self::Faster(duration) if duration.confirmed => (9, Severity::Good, "Faster", "faster"),
            Self::Faster(_) => (9, Severity::Good, "Faster", "faster?"),
            Self::New { revised: true } => (10, Severity::Neutral, NEW, "revised"),
            Self::New { .. } => (10, Severity::Neutral, NEW, "new"),
            Self::NoLongerSkipped => (11, Severity::Neutral, NEW, "no longer skipped"),
        }
    }
}

impl CaseChange {
    /// Returns whether it is a regression that no waiver covers.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.waiver.is_none() && self.kind.is_regression()
    }
}
