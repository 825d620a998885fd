//! Runs several tasks at once: the first failure cancels the others, and each still cleans up after itself.

use std::cell::RefCell;

use crate::host::Host;
use crate::provider::image::ImageError;

/// Tasks that are cancelled together when one of them fails.
pub(super) struct TaskGroup {
    /// The host for the tasks; its token is cancelled when one of them fails.
    pub(super) host: Host,
    first_error: RefCell<Option<ImageError>>,
}

impl TaskGroup {
    /// Creates an empty group. It is also cancelled with `host`.
    pub(super) fn new(host: &Host) -> Self {
        let host = Host { cancel: host.cancel.child_token(), ..host.clone() };
        Self { host, first_error: RefCell::new(None) }
    }

    /// Runs `work` as part of the group. Returns `None` if it fails.
    pub(super) async fn run<T>(&self, work: impl Future<Output = Result<T, ImageError>>) -> Option<T> {
        match work.await {
            Ok(value) => Some(value),
            Err(error) => {
                // Later failures are effects of the cancellation.
                self.first_error.borrow_mut().get_or_insert(error);
                self.host.cancel.cancel();
                None
            }
        }
    }

    /// Returns the result of a task, or the group's first error.
    pub(super) fn outcome<T>(&self, value: Option<T>) -> Result<T, ImageError> {
        match (self.first_error.borrow_mut().take(), value) {
            (None, Some(value)) => Ok(value),
            (Some(error), _) => Err(error),
            (None, None) => Err(ImageError::Stopped),
        }
    }
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::host::Folders;

    #[tokio::test]
    async fn the_first_failure_cancels_the_others_and_is_returned() {
        let host = Host {
            folders: Folders::from_environment().unwrap(),
            program: "podproof".into(),
            cancel: CancellationToken::new(),
        };
        let group = TaskGroup::new(&host);
        let failing = group.run(async { Err::<(), _>(ImageError::NoPackages { conf: "/c".into() }) });
        let waiting = group.run(async {
            group.host.cancel.cancelled().await;
            Err::<(), _>(ImageError::Stopped)
        });
        let (failed, _) = tokio::join!(failing, waiting);
        assert_matches!(group.outcome(failed), Err(ImageError::NoPackages { .. }));
        assert!(!host.cancel.is_cancelled());
    }
}
