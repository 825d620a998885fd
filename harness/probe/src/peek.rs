//! Lists processes, and reads a file through the root of another process.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::id;

use crate::args::{Options, UsageError};
use crate::file;
use crate::json::Fields;
use crate::process;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// The most processes in one report. More would not fit into one log line.
const MAX_LISTED: usize = 200;

/// `processes` or `peek`
#[derive(Debug)]
pub(crate) enum Peek {
    /// All processes.
    All,
    /// A file, read through `/proc/PID/root` of the only process that matches.
    File {
        /// Text in the command line of that process.
        cmdline: Vec<u8>,
        /// The path in that process's mount namespace.
        path: PathBuf,
    },
}

impl Peek {
    /// Parses the options of `processes`.
    #[expect(clippy::unnecessary_wraps, reason = "every parser has this signature")]
    pub(crate) fn all(_: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Peek(Self::All))
    }

    /// Parses the options of `peek`.
    pub(crate) fn file(options: &mut Options) -> Result<Verb, UsageError> {
        let cmdline = process::cmdline(options)?;
        Ok(Verb::Peek(Self::File { cmdline, path: options.required("path")?.into() }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::All => log.attempt("processes", Fields::new(), all()),
            Self::File { cmdline, path } => {
                let params =
                    Fields::new().text("cmdline", &cmdline).text("path", path.as_os_str().as_bytes());
                match process::find_one(&cmdline) {
                    Ok((pid, _)) => log.look("peek", params.number("pid", pid), read(pid, &path)),
                    Err(error) => log.attempt("peek", params, Err(error)),
                }
            }
        }
    }
}

fn all() -> io::Result<Fields> {
    // Kernel threads and zombies have no command line.
    let all: Vec<_> = process::all()?.into_iter().filter(|(_, seen)| !seen.cmdline.is_empty()).collect();
    let named: Vec<_> = all
        .iter()
        .take(MAX_LISTED)
        .map(|(pid, seen)| {
            Fields::new()
                .number("pid", *pid)
                .text("cmdline", &seen.cmdline)
                .number_or_null("uid", uid(*pid).map(u64::from))
        })
        .collect();
    Ok(Fields::new().number("self", id()).count("count", all.len()).objects("processes", &named))
}

fn uid(pid: i32) -> Option<u32> {
    uid_in(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/status")).ok()?))
}

/// The effective UID: the second number on the `Uid:` line of `/proc/PID/status`.
fn uid_in(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

fn read(pid: i32, path: &Path) -> io::Result<Fields> {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    // Joining an absolute path would discard the root.
    file::read(&root.join(path.strip_prefix("/").unwrap_or(path)), file::READ_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_uid_is_parsed() {
        assert_eq!(uid_in("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"), Some(2));
        assert_eq!(uid_in("Uid:\t1\n"), None);
        assert_eq!(uid_in(""), None);
    }
}
