//! Who uses a cluster, and who changes it: a lock on a file, which the system releases when its holder ends.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::error::Error;
use super::{Host, talk};

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Beside others that change nothing either.
    Shared,
    /// By nobody else.
    Alone,
}

/// Held until it is dropped; released also when the process is killed.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

/// What is held, and how long it is waited for.
#[derive(Clone, Debug)]
pub(super) struct Lock<'l> {
    /// The file that is locked.
    pub(super) file: PathBuf,
    /// What it stands for, in words.
    pub(super) what: &'l str,
    /// How long others are waited for; for ever where it is absent.
    pub(super) patience: Option<Duration>,
}

impl<'l> Lock<'l> {
    /// Others are waited for as long as they hold it.
    pub(super) fn new(file: PathBuf, what: &'l str) -> Self {
        Self { file, what, patience: None }
    }

    /// Takes it where nobody holds it in another way.
    pub(super) fn take(&self, how: Use) -> Result<Option<Hold>, Error> {
        let file = self.open()?;
        let taken = match how {
            Use::Shared => file.try_lock_shared(),
            Use::Alone => file.try_lock(),
        };
        match taken {
            Ok(()) => Ok(Some(Hold { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::file(&self.file)(error)),
        }
    }

    /// Takes it, and waits for those that hold it in another way; says so and names them.
    pub(super) async fn hold(&self, host: &Host, how: Use) -> Result<Hold, Error> {
        if let Some(hold) = self.take(how)? {
            return Ok(hold);
        }
        let file = self.open()?;
        talk!("waiting for another podproof that works on {}{}", self.what, named(&holders(&self.file)));
        let (sender, receiver) = oneshot::channel();
        // A thread of its own: the runtime would wait for a blocking task even after a cancel.
        thread::spawn(move || {
            let locked = match how {
                Use::Shared => file.lock_shared(),
                Use::Alone => file.lock(),
            };
            sender.send(locked.map(|()| file))
        });
        let over = async {
            match self.patience {
                Some(patience) => sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            locked = receiver => match locked {
                Ok(Ok(file)) => Ok(Hold { _file: file }),
                Ok(Err(error)) => Err(Error::file(&self.file)(error)),
                Err(_) => Err(Error::Interrupted),
            },
            () = over => Err(Error::Held {
                what: self.what.to_owned(),
                holders: named(&holders(&self.file)),
                waited: self.patience.unwrap_or_default(),
            }),
            () = host.cancel.cancelled() => Err(Error::Interrupted),
        }
    }

    fn open(&self) -> Result<File, Error> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(Error::file(folder))?;
        }
        File::create(&self.file).map_err(Error::file(&self.file))
    }
}

/// The processes that hold a lock on `file`, as far as the system says.
fn holders(file: &Path) -> BTreeSet<u32> {
    let (Ok(table), Ok(data)) = (fs::read_to_string("/proc/locks"), fs::metadata(file)) else {
        return BTreeSet::new();
    };
    holders_in(&table, data.ino())
}

/// Reads lines such as `4: FLOCK  ADVISORY  WRITE 4321 00:2f:1234 0 EOF`; one with an arrow only waits. The number of
/// the device is left out: layered file systems show another one there.
fn holders_in(table: &str, inode: u64) -> BTreeSet<u32> {
    let holder = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { return None };
        let found = place.rsplit(':').next()?.parse::<u64>().ok()?;
        (found == inode).then(|| pid.parse().ok()).flatten()
    };
    table.lines().filter_map(holder).filter(|pid| *pid != std::process::id()).collect()
}

fn named(holders: &BTreeSet<u32>) -> String {
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
    use crate::cluster::Folders;

    fn host(home: &Path) -> Host {
        Host { folders: Folders::below(home), program: "/bin/true".into(), cancel: CancellationToken::new() }
    }

    #[test]
    fn many_use_it_and_one_changes_it() {
        let home = tempfile::tempdir().unwrap();
        let lock = Lock::new(home.path().join("lock"), "it");
        let one = lock.take(Use::Shared).unwrap().unwrap();
        let two = lock.take(Use::Shared).unwrap().unwrap();
        assert!(lock.take(Use::Alone).unwrap().is_none());
        drop(one);
        assert!(lock.take(Use::Alone).unwrap().is_none());
        drop(two);
        let _alone = lock.take(Use::Alone).unwrap().unwrap();
        assert!(lock.take(Use::Shared).unwrap().is_none());
    }

    #[tokio::test]
    async fn who_waits_long_enough_gets_it() {
        let home = tempfile::tempdir().unwrap();
        let host = host(home.path());
        let lock = Lock::new(home.path().join("lock"), "it");
        let user = lock.take(Use::Shared).unwrap();
        let (end, ()) = tokio::join!(lock.hold(&host, Use::Alone), async { drop(user) });
        end.unwrap();
    }

    #[tokio::test]
    async fn patience_and_a_cancel_end_the_wait() {
        let home = tempfile::tempdir().unwrap();
        let host = host(home.path());
        let lock =
            Lock { patience: Some(Duration::from_millis(50)), ..Lock::new(home.path().join("lock"), "it") };
        let _user = lock.take(Use::Shared).unwrap();
        assert_matches!(lock.hold(&host, Use::Alone).await, Err(Error::Held { .. }));
        host.cancel.cancel();
        let for_ever = Lock::new(home.path().join("lock"), "it");
        assert_matches!(for_ever.hold(&host, Use::Alone).await, Err(Error::Interrupted));
    }

    #[test]
    fn holders_are_read_from_the_systems_table() {
        let table = "1: POSIX  ADVISORY  WRITE 7 00:2f:55 0 EOF\n\
                     2: FLOCK  ADVISORY  READ  4321 00:2f:55 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 99 00:2f:55 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 12 00:2f:56 0 EOF\n";
        assert_eq!(holders_in(table, 55), BTreeSet::from([4321]));
        assert_eq!(named(&BTreeSet::from([1, 2])), " (processes 1, 2)");
    }
}
