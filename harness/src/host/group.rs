//! The process group of a program and everything that it starts.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use tokio::time::timeout;

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(3);

/// The process group of a running program. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// The group that `child` leads.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Disables the kill on drop. Call it when the leader has ended, because its id may be reused.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Sends SIGTERM to the group, and SIGKILL if it does not end in time.
    pub(super) async fn end(&mut self, child: &mut Child) {
        let Some(group) = self.0.take() else { return };
        // An error means that the group has already ended.
        let _ = kill_process_group(group, Signal::TERM);
        if timeout(GRACE, child.wait()).await.is_err() {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait().await;
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
