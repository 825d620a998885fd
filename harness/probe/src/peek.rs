//! Looks at other processes: all there are, or a file as one of them sees it.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::id;

use crate::args::{Options, Usage};
use crate::file;
use crate::json::Fields;
use crate::process;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// How many processes a report names; more would not fit into one log line.
const MOST: usize = 200;

/// `processes` or `peek`
#[derive(Debug)]
pub(crate) enum Peek {
    /// All processes.
    All,
    /// A file, seen from the root of the one process with this text in its command line.
    File {
        /// The text.
        cmdline: Vec<u8>,
        /// The file, as that process would name it.
        path: PathBuf,
    },
}

impl Peek {
    /// Reads `processes`.
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are read alike")]
    pub(crate) fn all(_: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Peek(Self::All))
    }

    /// Reads `peek`.
    pub(crate) fn file(options: &mut Options) -> Result<Verb, Usage> {
        let cmdline = process::cmdline(options)?;
        Ok(Verb::Peek(Self::File { cmdline, path: options.required("path")?.into() }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::All => log.attempt("processes", Fields::new(), all()),
            Self::File { cmdline, path } => {
                let asked = Fields::new().text("cmdline", &cmdline).text("path", path.as_os_str().as_bytes());
                match process::only_one(&cmdline) {
                    Ok((pid, _)) => log.look("peek", asked.number("pid", pid), read(pid, &path)),
                    Err(error) => log.attempt("peek", asked, Err(error)),
                }
            }
        }
    }
}

fn all() -> io::Result<Fields> {
    // Threads of the kernel and processes that have ended but are not yet collected have no command line.
    let all: Vec<_> = process::all()?.into_iter().filter(|(_, seen)| !seen.cmdline.is_empty()).collect();
    let named: Vec<_> = all
        .iter()
        .take(MOST)
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

/// The effective user, which is the second one in its line of `status`.
fn uid_in(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

fn read(pid: i32, path: &Path) -> io::Result<Fields> {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    // Joining an absolute path would leave the root again.
    file::read(&root.join(path.strip_prefix("/").unwrap_or(path)), file::READ_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_user_is_taken() {
        assert_eq!(uid_in("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"), Some(2));
        assert_eq!(uid_in("Uid:\t1\n"), None);
        assert_eq!(uid_in(""), None);
    }
}
