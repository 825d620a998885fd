//! Counts executions by outcome.

use serde::Serialize;

use super::model::{CaseOutcome, HistoryRun};

/// The number of executions per outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The number of passes.
    pub pass: u32,
    /// The number of fails.
    pub fail: u32,
    /// The number of inconclusive executions.
    pub inconclusive: u32,
    /// The number of skips.
    pub skip: u32,
}

impl Tally {
    /// Counts one more execution.
    pub(super) fn count(&mut self, outcome: CaseOutcome) {
        let count = match outcome {
            CaseOutcome::Pass => &mut self.pass,
            CaseOutcome::Fail => &mut self.fail,
            CaseOutcome::Inconclusive => &mut self.inconclusive,
            CaseOutcome::Skip => &mut self.skip,
        };
        *count += 1;
    }

    /// The worst outcome; `None` without executions.
    #[must_use]
    pub fn worst(&self) -> Option<CaseOutcome> {
        let counts = [
            (self.fail, CaseOutcome::Fail),
            (self.inconclusive, CaseOutcome::Inconclusive),
            (self.skip, CaseOutcome::Skip),
            (self.pass, CaseOutcome::Pass),
        ];
        counts.into_iter().find(|(count, _)| *count > 0).map(|(_, outcome)| outcome)
    }

    /// The number of all executions.
    #[must_use]
    pub fn all(&self) -> u32 {
        self.pass + self.fail + self.inconclusive + self.skip
    }
}

impl HistoryRun {
    /// Its executions, counted by outcome.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for attempt in &self.attempts {
            tally.count(attempt.outcome);
        }
        tally
    }
}
