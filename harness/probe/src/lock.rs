//! File locks that end with the process (`flock`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// `lock` or `try-lock`
#[derive(Debug)]
pub(crate) enum Lock {
    /// Waits for the lock and keeps it until the process ends.
    Keep(PathBuf),
    /// Checks whether the lock is available.
    Try(PathBuf),
}

impl Lock {
    /// Parses the options of `lock`.
    pub(crate) fn keep(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Lock(Self::Keep(options.required("path")?.into())))
    }

    /// Parses the options of `try-lock`.
    pub(crate) fn attempt(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Lock(Self::Try(options.required("path")?.into())))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = |path: &Path| Fields::new().text("path", path.as_os_str().as_bytes());
        match self {
            Self::Keep(path) => log.act("lock", params(&path), keep(&path)),
            Self::Try(path) => log.look("try-lock", params(&path), attempt(&path)),
        }
    }
}

fn keep(path: &Path) -> io::Result<Fields> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    lock(&file)?;
    // Closing the file would release the lock.
    mem::forget(file);
    Ok(Fields::new().text("state", "locked"))
}

fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn attempt(path: &Path) -> io::Result<Fields> {
    let file = OpenOptions::new().read(true).append(true).open(path)?;
    let answer = |obtained: bool| Fields::new().flag("present", true).flag("obtained", obtained);
    match file.try_lock() {
        Ok(()) => Ok(answer(true)),
        Err(TryLockError::WouldBlock) => {
            let error = io::Error::from_raw_os_error(libc::EWOULDBLOCK);
            Ok(answer(false).text("errno", errno::name(&error).unwrap_or_default().as_bytes()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}
