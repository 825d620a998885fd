//! What a run needs to execute its cases.

use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::identity_monitor::IdentityMonitor;
use crate::cluster::Access;
use crate::stage::Removals;
use podproof_core::plan::{Budgets, Plan};
use podproof_core::record::{RunId, RunJournal, TimedEvent};

/// Stops a run in two steps.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Start no further case, let the current drives stop, and clean up.
    pub stop: CancellationToken,
    /// Return immediately without waiting for anything.
    pub immediately: CancellationToken,
}

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run's ID.
    pub run: RunId,
    /// The folder that receives the record and the evidence.
    pub folder: PathBuf,
    /// How many cases may run at once; at least one does.
    pub parallel: usize,
    /// How often a failed or inconclusive case is retried at most. A fail stays a fail whatever follows.
    pub retries: u32,
    /// The time budgets.
    pub budgets: Budgets,
}

/// The state that all executions of a run share.
pub(super) struct Conductor {
    pub(super) access: Access,
    pub(super) plan: Plan,
    pub(super) options: RunOptions,
    pub(super) interrupt: Interrupt,
    pub(super) removals: Removals,
    pub(super) identity_monitor: IdentityMonitor,
    pub(super) journal: RunJournal,
    pub(super) events: UnboundedSender<TimedEvent>,
}
