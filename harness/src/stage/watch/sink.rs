//! What the watches and log streams of one recorder share.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use podproof_core::evidence::{Kind, LogText, Observations};
use tokio::sync::watch;

/// Where watches and log streams add their observations.
pub(super) type Sink = watch::Sender<Observations>;

/// The watches that have delivered their initial list: `None` is the one on pods.
pub(super) type StartedWatches = watch::Sender<BTreeSet<Option<Kind>>>;

/// Data shared by the tasks that follow logs.
pub(super) type Shared<T> = Arc<Mutex<T>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LoggedInstance {
    pub(super) pod: String,
    pub(super) uid: String,
    pub(super) container: String,
    pub(super) restart: i32,
}

impl LoggedInstance {
    pub(super) fn empty_log(&self) -> LogText {
        let Self { pod, uid, container, restart } = self.clone();
        let (lines, complete, cut) = (Vec::new(), false, false);
        LogText { pod, uid, container, restart, lines, complete, confirmed: None, cut, broken: None }
    }
}
