//! What can be new in a run.

use serde::Serialize;

use super::health::Health;
use super::waiver::Waiver;
use crate::experiment::Share;
use crate::history::facts::FactChange;
use crate::history::kept::{CaseKey, RunName};

/// Between which runs something happened: after the last good one, and not after the first bad one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The last run in which all was well; absent where none is known.
    pub last_good: Option<RunName>,
    /// The first run in which it was not.
    pub first_bad: RunName,
    /// What of the environment changed between the two.
    pub changed: Vec<FactChange>,
}

/// How long a case takes, and took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Whether it is sure: enough nights, and all cases of the night considered.
    pub confirmed: bool,
    /// The median of the baseline, in seconds.
    pub before: f64,
    /// The median of the recent nights, in seconds.
    pub now: f64,
    /// How likely chance does the same: adjusted for all cases where it is confirmed.
    pub p: f64,
    /// Since when.
    pub window: Window,
}

/// What is new of a case, or not new but not to be forgotten.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "news", rename_all = "kebab-case")]
pub enum News {
    /// It fails, and did not.
    NewFailure {
        /// Since when.
        window: Window,
    },
    /// It fails again soon after it was repaired.
    Reopened {
        /// Since when.
        window: Window,
        /// When it had been repaired.
        fixed: RunName,
    },
    /// It has failed for a while, or as long as it is known.
    StillFailing {
        /// Since when.
        window: Window,
        /// How many nights in a row that tell.
        nights: usize,
    },
    /// It passes, and did not.
    Fixed {
        /// Since when it had failed.
        since: RunName,
        /// How many nights in a row.
        nights: usize,
    },
    /// It passes and fails for no reason that is seen.
    Flaky {
        /// How often it failed, of the nights that are looked at.
        rate: Share,
        /// How often it changed between pass and fail.
        flips: usize,
        /// Whether it failed in this run.
        tonight: bool,
        /// Whether it was not known before.
        newly: bool,
    },
    /// It takes longer.
    Slower(Pace),
    /// It takes less long.
    Faster(Pace),
    /// Nothing is known of it before.
    New {
        /// Whether the claim's meaning changed; what was known before is of another claim.
        revised: bool,
    },
    /// It is not in the run.
    Missing {
        /// The last run that has it.
        last: RunName,
        /// Since how many runs it is missing.
        runs: usize,
    },
    /// It was skipped, and had not been.
    NewlySkipped {
        /// The last run that did not skip it.
        last: RunName,
    },
    /// It was not skipped, and had been.
    NoMoreSkipped,
    /// It could not be told.
    Untold {
        /// Since when it has failed, where it has.
        failing: Option<Window>,
    },
}

/// News of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The case.
    pub key: CaseKey,
    /// What is new.
    pub news: News,
    /// The reason that the run gives for it.
    pub reason: Option<String>,
    /// The waiver that covers it.
    pub waived: Option<Waiver>,
}

/// What a run says, compared with those before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NightReport {
    /// The run.
    pub run: RunName,
    /// With how many sound runs it was compared.
    pub against: usize,
    /// Whether it can be compared at all.
    pub health: Health,
    /// What of the environment changed since the run before.
    pub changed: Vec<FactChange>,
    /// The news, in the order of [`News`] and of the cases.
    pub changes: Vec<Change>,
    /// Waivers that would cover a change, had they not expired.
    pub expired: Vec<Waiver>,
}

/// The word for a run, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// Nothing is worse than it was.
    Steady,
    /// Too much could not be told.
    Untold,
    /// Something is worse than it was.
    Regressed,
}

impl News {
    /// Whether it means that something is worse than it was in this series. What was never good, or is only
    /// suspected, is told and is no regression.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        match self {
            Self::NewFailure { .. } | Self::Reopened { .. } | Self::Missing { .. } => true,
            Self::StillFailing { window, .. } => window.last_good.is_some(),
            Self::Flaky { tonight, newly, .. } => *tonight && *newly,
            Self::Slower(pace) => pace.confirmed,
            Self::Fixed { .. }
            | Self::Faster(_)
            | Self::New { .. }
            | Self::NewlySkipped { .. }
            | Self::NoMoreSkipped
            | Self::Untold { .. } => false,
        }
    }

    /// Its name in a few words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::NewFailure { .. } => "new failure",
            Self::Reopened { .. } => "reopened",
            Self::StillFailing { .. } => "still failing",
            Self::Missing { .. } => "missing",
            Self::Flaky { newly: true, .. } => "newly flaky",
            Self::Flaky { .. } => "flaky",
            Self::Slower(Pace { confirmed: true, .. }) => "slower",
            Self::Slower(_) => "slower?",
            Self::NewlySkipped { .. } => "newly skipped",
            Self::Untold { .. } => "inconclusive",
            Self::Fixed { .. } => "fixed",
            Self::Faster(Pace { confirmed: true, .. }) => "faster",
            Self::Faster(_) => "faster?",
            Self::New { revised: true } => "new meaning",
            Self::New { .. } => "new",
            Self::NoMoreSkipped => "no more skipped",
        }
    }

    /// Its place among the news: the worst first.
    pub(super) fn place(&self) -> u8 {
        match self {
            Self::NewFailure { .. } => 0,
            Self::Reopened { .. } => 1,
            Self::StillFailing { .. } => 2,
            Self::Missing { .. } => 3,
            Self::Flaky { .. } => 4,
            Self::Slower(_) => 5,
            Self::NewlySkipped { .. } => 6,
            Self::Untold { .. } => 7,
            Self::Fixed { .. } => 8,
            Self::Faster(_) => 9,
            Self::New { .. } => 10,
            Self::NoMoreSkipped => 11,
        }
    }
}

impl Judgement {
    /// It in a few words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Untold => "could not be told",
            Self::Regressed => "regressed",
        }
    }
}

impl Change {
    /// Whether it is a regression that no waiver covers.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.waived.is_none() && self.news.is_regression()
    }
}

impl NightReport {
    /// The word for the run.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        let failed_alike = matches!(self.health, Health::OneCause { failed: true, .. });
        if failed_alike || self.changes.iter().any(Change::is_regression) {
            Judgement::Regressed
        } else if self.health.is_sound() {
            Judgement::Steady
        } else {
            Judgement::Untold
        }
    }
}
