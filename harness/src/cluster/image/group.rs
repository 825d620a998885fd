//! Several works at once: the first that fails stops the others, and each still cleans up behind itself.

use std::cell::RefCell;

use super::error::ImageError;
use crate::cluster::Host;

/// Works that stand or fall together.
pub(super) struct Group {
    /// The host for the members: it says stop when one of them failed.
    pub(super) host: Host,
    first: RefCell<Option<ImageError>>,
}

impl Group {
    /// An empty group; it also stops when `host` says so.
    pub(super) fn new(host: &Host) -> Self {
        let host = Host { cancel: host.cancel.child_token(), ..host.clone() };
        Self { host, first: RefCell::new(None) }
    }

    /// Makes `work` a member. Nothing comes out of one that failed.
    pub(super) async fn member<T>(&self, work: impl Future<Output = Result<T, ImageError>>) -> Option<T> {
        match work.await {
            Ok(value) => Some(value),
            Err(error) => {
                // What fails after the first was stopped by us.
                self.first.borrow_mut().get_or_insert(error);
                self.host.cancel.cancel();
                None
            }
        }
    }

    /// What a member gave, unless one of them failed.
    pub(super) fn outcome<T>(&self, value: Option<T>) -> Result<T, ImageError> {
        match (self.first.borrow_mut().take(), value) {
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
    use crate::cluster::Folders;

    #[tokio::test]
    async fn the_first_failure_stops_the_others_and_is_told() {
        let host = Host {
            folders: Folders::from_environment().unwrap(),
            program: "podproof".into(),
            cancel: CancellationToken::new(),
        };
        let group = Group::new(&host);
        let failing = group.member(async { Err::<(), _>(ImageError::NoPackages { conf: "/c".into() }) });
        let waiting = group.member(async {
            group.host.cancel.cancelled().await;
            Err::<(), _>(ImageError::Stopped)
        });
        let (failed, _) = tokio::join!(failing, waiting);
        assert_matches!(group.outcome(failed), Err(ImageError::NoPackages { .. }));
        assert!(!host.cancel.is_cancelled());
    }
}
