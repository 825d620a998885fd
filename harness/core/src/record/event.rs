//! The events of a run. They flow only from the run to its reporters.

use jiff::Timestamp;
use serde::Serialize;

use super::outcome::RunOutcome;
use super::run_id::RunId;
use super::run_record::CaseRecord;
use crate::cluster_facts::ClusterFacts;
use crate::plan::Purpose;

/// An event with its time: one line of `--message-format json` and of `events.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub struct TimedEvent {
    /// The version of this format.
    pub format: u32,
    /// When it happened, by podproof's clock.
    pub at: Timestamp,
    /// The event itself.
    #[serde(flatten)]
    pub event: Event,
}

/// An event of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan is fixed and the cluster has answered.
    RunStarted {
        /// The run's ID.
        run: RunId,
        /// Check or prove.
        purpose: Purpose,
        /// The number of planned executions.
        planned: usize,
        /// The number of cases that may run at once.
        parallel: usize,
        /// The facts about the cluster.
        cluster: ClusterFacts,
    },
    /// An execution has started.
    CaseStarted {
        /// Its index in the plan, from 0.
        index: usize,
        /// Its name in the plan.
        slug: String,
    },
    /// A failed or inconclusive execution is repeated.
    CaseRetried {
        /// Its index in the plan, from 0.
        index: usize,
        /// The number of the attempt that starts, from 2.
        attempt: u32,
        /// The record of the previous attempt.
        last: Box<CaseRecord>,
    },
    /// An execution has ended, with its verdict.
    CaseFinished {
        /// Its index in the plan, from 0.
        index: usize,
        /// Its record.
        case: Box<CaseRecord>,
    },
    /// The run was asked to stop and starts no further executions.
    CancelRequested {
        /// The signal or other cause.
        reason: String,
    },
    /// All executions have ended. Their namespaces are being deleted.
    CleanupStarted,
    /// The run is over.
    RunFinished {
        /// The outcome.
        outcome: RunOutcome,
    },
}

impl Event {
    /// Adds the current time to the event.
    #[must_use]
    pub fn stamped(self) -> TimedEvent {
        self.at(Timestamp::now())
    }

    /// Adds the time `at` to the event.
    #[must_use]
    pub fn at(self, at: Timestamp) -> TimedEvent {
        TimedEvent { format: 1, at, event: self }
    }
}
