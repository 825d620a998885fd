//! File locks between podproof processes. The kernel releases a lock when its holder ends.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::environment::Host;
use super::progress::report_progress;

/// How a lock is acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Together with other shared holders.
    Shared,
    /// By one holder only.
    Exclusive,
}

/// Holds a lock until it is dropped, or until the process ends.
#[derive(Debug)]
pub struct LockGuard {
    _file: File,
}

/// Why a lock could not be acquired.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another podproof holds it.
    #[error("{what} is in use by another podproof{holders}: waited {} s", waited.as_secs())]
    Held {
        /// The locked thing, for example "cluster `x`".
        what: String,
        /// The processes that hold it, in parentheses; empty if unknown.
        holders: String,
        /// How long podproof waited.
        waited: Duration,
    },
    /// The lock file could not be used.
    #[error("use {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// podproof was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl LockError {
    /// Suggests how to fix the problem.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held { .. } => Some("stop those processes, or wait until they have ended".to_owned()),
            Self::File { .. } | Self::Interrupted => None,
        }
    }

    /// Wraps an I/O error of this file.
    fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File { file, source }
    }
}

/// A lock file, and how long to wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Lock<'l> {
    /// The lock file.
    pub(crate) file: PathBuf,
    /// The name of the locked resource, for messages.
    pub(crate) what: &'l str,
    /// How long to wait for other holders; `None` to wait without a limit.
    pub(crate) patience: Option<Duration>,
}

impl<'l> Lock<'l> {
    /// A lock without a time limit.
    pub(crate) fn new(file: PathBuf, what: &'l str) -> Self {
        Self { file, what, patience: None }
    }

    /// Acquires the lock without waiting; `None` if another process holds it.
    pub(crate) fn try_acquire(&self, mode: LockMode) -> Result<Option<LockGuard>, LockError> {
        let file = self.open()?;
        let taken = match mode {
            LockMode::Shared => file.try_lock_shared(),
            LockMode::Exclusive => file.try_lock(),
        };
        match taken {
            Ok(()) => Ok(Some(LockGuard { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(LockError::file(&self.file)(error)),
        }
    }

    /// Acquires the lock. If another process holds it, reports which one and waits.
    pub(crate) async fn acquire(&self, host: &Host, mode: LockMode) -> Result<LockGuard, LockError> {
        if let Some(guard) = self.try_acquire(mode)? {
            return Ok(guard);
        }
        let file = self.open()?;
        report_progress!(
            "waiting for another podproof that uses {}{}",
            self.what,
            describe(&holders(&self.file))
        );
        let (sender, receiver) = oneshot::channel();
        // On its own thread, because the runtime would wait for a blocking task even after a cancellation.
        thread::spawn(move || {
            let locked = match mode {
                LockMode::Shared => file.lock_shared(),
                LockMode::Exclusive => file.lock(),
            };
            sender.send(locked.map(|()| file))
        });
        let timed_out = async {
            match self.patience {
                Some(patience) => sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            locked = receiver => match locked {
                Ok(Ok(file)) => Ok(LockGuard { _file: file }),
                Ok(Err(error)) => Err(LockError::file(&self.file)(error)),
                Err(_) => Err(LockError::Interrupted),
            },
            () = timed_out => Err(LockError::Held {
                what: self.what.to_owned(),
                holders: describe(&holders(&self.file)),
                waited: self.patience.unwrap_or_default(),
            }),
            () = host.cancel.cancelled() => Err(LockError::Interrupted),
        }
    }

    fn open(&self) -> Result<File, LockError> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(LockError::file(folder))?;
        }
        File::create(&self.file).map_err(LockError::file(&self.file))
    }
}

/// The other processes that hold a lock on `file`; empty if unknown.
fn holders(file: &Path) -> BTreeSet<u32> {
    let (Ok(table), Ok(data)) = (fs::read_to_string("/proc/locks"), fs::metadata(file)) else {
        return BTreeSet::new();
    };
    holders_in(&table, data.ino())
}

/// Parses `/proc/locks`, which has lines like `4: FLOCK  ADVISORY  WRITE 4321 00:2f:1234 0 EOF`; processes on lines
/// with an arrow are waiting. The device number is ignored because overlay file systems report a different one there.
fn holders_in(table: &str, inode: u64) -> BTreeSet<u32> {
    let holder = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { return None };
        let found = place.rsplit(':').next()?.parse::<u64>().ok()?;
        (found == inode).then(|| pid.parse().ok()).flatten()
    };
    table.lines().filter_map(holder).filter(|pid| *pid != std::process::id()).collect()
}

fn describe(holders: &BTreeSet<u32>) -> String {
    let pids: Vec<_> = holders.iter().map(ToString::to_string).collect();
    match pids.len() {
        0 => String::new(),
        1 => format!(" (process {})", pids[0]),
        _ => format!(" (processes {})", pids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::host::Folders;

    fn host(home: &Path) -> Host {
        Host { folders: Folders::below(home), program: "/bin/true".into(), cancel: CancellationToken::new() }
    }

    #[test]
    fn a_lock_has_many_shared_holders_or_one_exclusive_holder() {
        let home = tempfile::tempdir().unwrap();
        let lock = Lock::new(home.path().join("lock"), "it");
        let one = lock.try_acquire(LockMode::Shared).unwrap().unwrap();
        let two = lock.try_acquire(LockMode::Shared).unwrap().unwrap();
        assert!(lock.try_acquire(LockMode::Exclusive).unwrap().is_none());
        drop(one);
        assert!(lock.try_acquire(LockMode::Exclusive).unwrap().is_none());
        drop(two);
        let _lock = lock.try_acquire(LockMode::Exclusive).unwrap().unwrap();
        assert!(lock.try_acquire(LockMode::Shared).unwrap().is_none());
    }

    #[tokio::test]
    async fn acquire_waits_for_the_holder() {
        let home = tempfile::tempdir().unwrap();
        let host = host(home.path());
        let lock = Lock::new(home.path().join("lock"), "it");
        let user = lock.try_acquire(LockMode::Shared).unwrap();
        let (end, ()) = tokio::join!(lock.acquire(&host, LockMode::Exclusive), async { drop(user) });
        end.unwrap();
    }

    #[tokio::test]
    async fn a_time_limit_and_a_cancellation_end_the_wait() {
        let home = tempfile::tempdir().unwrap();
        let host = host(home.path());
        let lock =
            Lock { patience: Some(Duration::from_millis(50)), ..Lock::new(home.path().join("lock"), "it") };
        let _user = lock.try_acquire(LockMode::Shared).unwrap();
        assert_matches!(lock.acquire(&host, LockMode::Exclusive).await, Err(LockError::Held { .. }));
        host.cancel.cancel();
        let unlimited = Lock::new(home.path().join("lock"), "it");
        assert_matches!(unlimited.acquire(&host, LockMode::Exclusive).await, Err(LockError::Interrupted));
    }

    #[test]
    fn holders_are_parsed_from_proc_locks() {
        let table = "1: POSIX  ADVISORY  WRITE 7 00:2f:55 0 EOF\n\
                     2: FLOCK  ADVISORY  READ  4321 00:2f:55 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 99 00:2f:55 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 12 00:2f:56 0 EOF\n";
        assert_eq!(holders_in(table, 55), BTreeSet::from([4321]));
        assert_eq!(describe(&BTreeSet::from([1, 2])), " (processes 1, 2)");
    }
}
