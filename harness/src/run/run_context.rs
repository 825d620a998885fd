//! What a run needs to execute its cases.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;

use futures::FutureExt as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::identity_monitor::IdentityMonitor;
use crate::cluster::Access;
use crate::stage::{Removals, StageError};
use podproof_core::plan::{Budgets, Plan};
use podproof_core::record::{RunId, RunJournal, TimedEvent};

/// Stops a run in two steps.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Start no further case, let the current drives stop, and clean up.
    pub stop: CancellationToken,
    /// Return without waiting for anything but requests to delete namespaces.
    pub immediately: CancellationToken,
}

impl Interrupt {
    /// Runs a drive until it ends, panics or is stopped.
    pub(crate) async fn drive(
        &self,
        driving: impl Future<Output = Result<(), StageError>>,
    ) -> Result<(), StageError> {
        match self.stop.run_until_cancelled(AssertUnwindSafe(driving).catch_unwind()).await {
            Some(Ok(driven)) => driven,
            Some(Err(_)) => Err(StageError::Panicked),
            None => Err(StageError::Interrupted),
        }
    }
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
pub(super) struct RunContext {
    pub(super) access: Access,
    pub(super) plan: Plan,
    pub(super) options: RunOptions,
    pub(super) interrupt: Interrupt,
    pub(super) removals: Removals,
    pub(super) identity_monitor: IdentityMonitor,
    pub(super) journal: RunJournal,
    pub(super) events: UnboundedSender<TimedEvent>,
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::panic::resume_unwind;

    use assert_matches::assert_matches;
    use futures::future::lazy;

    use super::*;

    #[tokio::test]
    async fn a_drive_ends_by_itself_by_a_panic_or_by_an_interrupt() {
        let interrupt = Interrupt::default();
        assert_matches!(interrupt.drive(async { Ok(()) }).await, Ok(()));
        let panics = lazy(|_| -> Result<(), StageError> { resume_unwind(Box::new(())) });
        assert_matches!(interrupt.drive(panics).await, Err(StageError::Panicked));
        interrupt.stop.cancel();
        assert_matches!(interrupt.drive(pending()).await, Err(StageError::Interrupted));
    }
}
