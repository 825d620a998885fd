//! The vocabulary in which a run speaks to its reporters. Reporters never answer.

use jiff::Timestamp;
use serde::Serialize;

use super::identity::RunId;
use super::outcome::Outcome;
use super::record::CaseRecord;
use crate::cluster::Facts;
use crate::plan::Purpose;

/// An event with its time; one line of `--message-format json` and of `events.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The version of this format.
    pub format: u32,
    /// When it happened, by the harness's clock.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happens in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan is frozen and the cluster answers.
    RunStarted {
        /// The run's id.
        run: RunId,
        /// What it is for.
        purpose: Purpose,
        /// How many executions are planned.
        planned: usize,
        /// How many run at once.
        parallel: usize,
        /// The cluster.
        cluster: Facts,
    },
    /// An execution has begun.
    CaseStarted {
        /// Its place in the plan, from 0.
        index: usize,
        /// Its name in the plan.
        slug: String,
    },
    /// What an attempt left unsettled is tried again.
    CaseRetried {
        /// Its place in the plan, from 0.
        index: usize,
        /// The number of the attempt that begins, from 2.
        attempt: u32,
        /// What is kept of the attempt before.
        last: Box<CaseRecord>,
    },
    /// An execution has ended, with its verdict.
    CaseFinished {
        /// Its place in the plan, from 0.
        index: usize,
        /// What is kept of it.
        case: Box<CaseRecord>,
    },
    /// The run was asked to stop: nothing new begins.
    CancelRequested {
        /// By what.
        reason: String,
    },
    /// All executions have ended; their namespaces are going.
    CleanupStarted,
    /// The run is over.
    RunFinished {
        /// How it went.
        outcome: Outcome,
    },
}

impl Event {
    /// This event, now.
    pub(super) fn now(self) -> Told {
        self.at(Timestamp::now())
    }

    /// This event, at that time.
    pub(super) fn at(self, at: Timestamp) -> Told {
        Told { format: 1, at, event: self }
    }
}
