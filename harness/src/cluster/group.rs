//! The group of processes that a program and all it starts are in.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use tokio::time::timeout;

/// How long a program has between the request to end and the kill.
const GRACE: Duration = Duration::from_secs(3);

/// The processes of a program that runs. They are killed when nobody waits for them any more.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group that `child` leads.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Nothing is to be killed any more: its leader has ended, and its number may be another's.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Asks the whole group to end, then kills it.
    pub(super) async fn end(&mut self, child: &mut Child) {
        let Some(group) = self.0.take() else { return };
        // An error means that the group is gone already.
        let _ = kill_process_group(group, Signal::TERM);
        if timeout(GRACE, child.wait()).await.is_err() {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait().await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
