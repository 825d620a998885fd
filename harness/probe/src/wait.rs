//! Waits for a path or for a duration.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::inotify::{Change, Watch};
use crate::verb::Verb;

/// `wait-for`, `exit-when` or `pause`
#[derive(Debug)]
pub(crate) enum Wait {
    /// Until the path exists.
    For(PathBuf),
    /// Until the path exists; then it is removed and the process ends.
    ThenExit(PathBuf, u8),
    /// For this many milliseconds.
    Pause(u64),
}

impl Wait {
    /// Parses the options of `wait-for`.
    pub(crate) fn wait_for(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Wait(Self::For(path(options)?)))
    }

    /// Parses the options of `exit-when`.
    pub(crate) fn exit_when(options: &mut Options) -> Result<Verb, UsageError> {
        let code = options.parsed_or("code", 0)?;
        Ok(Verb::Wait(Self::ThenExit(path(options)?, code)))
    }

    /// Parses the options of `pause`.
    pub(crate) fn pause(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Wait(Self::Pause(options.parsed_required("ms")?)))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = |path: &Path| Fields::new().text("path", path.as_os_str().as_bytes());
        match self {
            Self::For(path) => log.act("wait-for", params(&path), until_path_exists(&path)),
            Self::ThenExit(path, code) => {
                let result = until_path_exists(&path).and_then(|seen| remove(&path).map(|()| seen));
                match log.act("exit-when", params(&path).number("code", code), result)? {
                    Next::Continue => Ok(Next::Exit(code)),
                    exit @ Next::Exit(_) => Ok(exit),
                }
            }
            Self::Pause(ms) => {
                thread::sleep(Duration::from_millis(ms));
                log.done("pause", &Fields::new().number("ms", ms))
            }
        }
    }
}

/// Parses `--path`, which must end in a file name.
pub(crate) fn path(options: &mut Options) -> Result<PathBuf, UsageError> {
    let path = PathBuf::from(options.required("path")?);
    if path.file_name().is_none() {
        return Err(
            options.usage_error(&format!("cannot take --path `{}`: it has no file name", path.display()))
        );
    }
    Ok(path)
}

/// Sleeps until the path exists. Its folder must exist already.
///
/// The watch starts before the first check, so that no creation is missed. A path that appeared and was removed again
/// counts.
pub(crate) fn until_path_exists(path: &Path) -> io::Result<Fields> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
    let mut watch = Watch::on(folder)?;
    if exists(path)? {
        return Ok(Fields::new().flag("waited", false));
    }
    loop {
        let changes = watch.wait()?;
        let appeared = changes.iter().any(|change| matches!(change, Change::Appeared(new) if new == name));
        if appeared || exists(path)? {
            return Ok(Fields::new().flag("waited", true));
        }
        if changes.contains(&Change::FolderGone) {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
    }
}

fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the file, which another process may have removed already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
