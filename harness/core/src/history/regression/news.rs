//! The changes that a review of a run can find.

use serde::Serialize;

use super::health::Health;
use super::waiver::Waiver;
use crate::history::facts::FactChange;
use crate::history::model::{CaseKey, RunName};
use crate::statistics::Share;

/// The runs between which something changed: after the last good run, and at the latest in the first bad run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The last run without the problem; `None` if none is known.
    pub last_good: Option<RunName>,
    /// The first run with the problem.
    pub first_bad: RunName,
    /// The environment facts that changed between the two.
    pub changed: Vec<FactChange>,
}

/// A change of the duration of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DurationChange {
    /// True if the change is significant after adjustment for all cases of the run; false if it is only suspected.
    pub confirmed: bool,
    /// The median of the baseline, in seconds.
    pub before: f64,
    /// The median of the recent runs, in seconds.
    pub now: f64,
    /// The p-value of the rank-sum test; adjusted for all cases if the change is confirmed.
    pub p: f64,
    /// Since when.
    pub window: Window,
}

/// A change of a case, or a problem that continues.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "news", rename_all = "kebab-case")]
pub enum News {
    /// The case fails and did not before.
    NewFailure {
        /// Since when.
        window: Window,
    },
    /// The case fails again soon after it was fixed.
    Reopened {
        /// Since when.
        window: Window,
        /// The first run in which it was fixed.
        fixed: RunName,
    },
    /// The case has failed in earlier runs too, or in all known runs.
    StillFailing {
        /// Since when.
        window: Window,
        /// The number of consecutive failures, without inconclusive and skipped runs.
        #[serde(rename = "nights")]
        runs: usize,
    },
    /// The case passes and did not before.
    Fixed {
        /// The first run in which it had failed.
        since: RunName,
        /// The number of consecutive failures.
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
        newly: bool,
    },
    /// The case takes longer.
    Slower(DurationChange),
    /// The case takes less time.
    Faster(DurationChange),
    /// The case has no earlier results.
    New {
        /// True if there are results of an earlier revision of the claim.
        revised: bool,
    },
    /// The run does not have the case.
    Missing {
        /// The last run that has the case.
        last: RunName,
        /// The number of runs that do not have it, including this one.
        runs: usize,
    },
    /// The case was skipped and was not before.
    NewlySkipped {
        /// The last run that did not skip it.
        last: RunName,
    },
    /// The case was skipped before and is not skipped now.
    NoMoreSkipped,
    /// The case is inconclusive.
    Inconclusive {
        /// Since when it has failed, if its last conclusive runs failed.
        failing: Option<Window>,
    },
}

/// A change of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The case.
    pub key: CaseKey,
    /// The kind of change.
    pub news: News,
    /// The reason in the run's verdict.
    pub reason: Option<String>,
    /// The waiver that covers it.
    pub waived: Option<Waiver>,
}

/// The result of comparing a run with earlier runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReview {
    /// The reviewed run.
    pub run: RunName,
    /// The number of sound runs it was compared with.
    pub against: usize,
    /// The health of the run.
    pub health: Health,
    /// The environment facts that changed since the previous run.
    pub changed: Vec<FactChange>,
    /// The changes, the most important first, then by case.
    pub changes: Vec<Change>,
    /// Expired waivers for regressions in this run.
    pub expired: Vec<Waiver>,
}

/// The judgement of a run, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunJudgement {
    /// Nothing got worse.
    Steady,
    /// Too much is inconclusive.
    Inconclusive,
    /// Something got worse.
    Regressed,
}

impl News {
    /// Returns whether something got worse within this series. A case that never passed and a suspected slowdown are
    /// reported, but are not regressions.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        match self {
            Self::NewFailure { .. } | Self::Reopened { .. } | Self::Missing { .. } => true,
            Self::StillFailing { window, .. } => window.last_good.is_some(),
            Self::Flaky { in_this_run, newly, .. } => *in_this_run && *newly,
            Self::Slower(change) => change.confirmed,
            Self::Fixed { .. }
            | Self::Faster(_)
            | Self::New { .. }
            | Self::NewlySkipped { .. }
            | Self::NoMoreSkipped
            | Self::Inconclusive { .. } => false,
        }
    }

    /// The name of the change, for people.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::NewFailure { .. } => "new failure",
            Self::Reopened { .. } => "reopened",
            Self::StillFailing { .. } => "still failing",
            Self::Missing { .. } => "missing",
            Self::Flaky { newly: true, .. } => "newly flaky",
            Self::Flaky { .. } => "flaky",
            Self::Slower(DurationChange { confirmed: true, .. }) => "slower",
            Self::Slower(_) => "slower?",
            Self::NewlySkipped { .. } => "newly skipped",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Fixed { .. } => "fixed",
            Self::Faster(DurationChange { confirmed: true, .. }) => "faster",
            Self::Faster(_) => "faster?",
            Self::New { revised: true } => "new meaning",
            Self::New { .. } => "new",
            Self::NoMoreSkipped => "no longer skipped",
        }
    }

    /// The importance of the change; 0 is the most important.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::NewFailure { .. } => 0,
            Self::Reopened { .. } => 1,
            Self::StillFailing { .. } => 2,
            Self::Missing { .. } => 3,
            Self::Flaky { .. } => 4,
            Self::Slower(_) => 5,
            Self::NewlySkipped { .. } => 6,
            Self::Inconclusive { .. } => 7,
            Self::Fixed { .. } => 8,
            Self::Faster(_) => 9,
            Self::New { .. } => 10,
            Self::NoMoreSkipped => 11,
        }
    }
}

impl RunJudgement {
    /// The judgement in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Inconclusive => "inconclusive",
            Self::Regressed => "regressed",
        }
    }
}

impl Change {
    /// Returns whether it is a regression that no waiver covers.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.waived.is_none() && self.news.is_regression()
    }
}

impl RunReview {
    /// The judgement of the run.
    #[must_use]
    pub fn judgement(&self) -> RunJudgement {
        let has_common_failure = matches!(self.health, Health::OneCause { failed: true, .. });
        if has_common_failure || self.changes.iter().any(Change::is_regression) {
            RunJudgement::Regressed
        } else if self.health.is_sound() {
            RunJudgement::Steady
        } else {
            RunJudgement::Inconclusive
        }
    }
}
