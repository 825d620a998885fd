//! Reports namespaces, PIDs, user, hostname, environment variables and the clocks.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::parent_id;
use std::process;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::process as kernel;
use crate::verb::Verb;

const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// `identity`, `clocks` or `environment`
#[derive(Debug)]
pub(crate) enum IdentityVerb {
    /// Namespaces, PIDs, user, hostname and start times.
    Identity,
    /// Nothing but the time, which every report has.
    Clocks,
    /// One environment variable.
    Environment(OsString),
}

impl IdentityVerb {
    /// Parses the options of `identity`.
    #[expect(clippy::unnecessary_wraps, reason = "every parser has this signature")]
    pub(crate) fn identity(_: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Identity(Self::Identity))
    }

    /// Parses the options of `clocks`.
    #[expect(clippy::unnecessary_wraps, reason = "every parser has this signature")]
    pub(crate) fn clocks(_: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Identity(Self::Clocks))
    }

    /// Parses the options of `environment`.
    pub(crate) fn environment(options: &mut Options) -> Result<Verb, UsageError> {
        let name = options.required("name")?;
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.contains(&b'=') {
            return Err(options.usage_error(&format!("cannot take --name `{}`", name.display())));
        }
        Ok(Verb::Identity(Self::Environment(name)))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Identity => log.done("identity", &identity()),
            Self::Clocks => log.done("clocks", &Fields::new()),
            Self::Environment(name) => {
                let params = Fields::new().text("name", name.as_bytes());
                let value = env::var_os(name).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT));
                log.look(
                    "environment",
                    params,
                    value.map(|value| Fields::new().flag("present", true).text("value", value.as_bytes())),
                )
            }
        }
    }
}

/// Values that cannot be read are null: a sandbox may hide some of them.
fn identity() -> Fields {
    let mut namespaces = Fields::new();
    for name in NAMESPACES {
        let link = fs::read_link(format!("/proc/self/ns/{name}")).ok();
        namespaces = namespaces.text_or_null(name, link.as_ref().map(|link| link.as_os_str().as_bytes()));
    }
    Fields::new()
        .object("namespaces", &namespaces)
        .number("pid", process::id())
        .number("ppid", parent_id())
        .number("uid", kernel::uid())
        .number("gid", kernel::gid())
        .text_or_null("hostname", line_of("/proc/sys/kernel/hostname"))
        .number_or_null("pid1_start_ticks", start_ticks("1"))
        .number_or_null("self_start_ticks", start_ticks("self"))
        .number("ticks_per_second", kernel::ticks_per_second())
        .text_or_null("boot_id", line_of("/proc/sys/kernel/random/boot_id"))
}

fn line_of(path: &str) -> Option<Vec<u8>> {
    fs::read(path).ok().map(|bytes| bytes.trim_ascii_end().to_vec())
}

fn start_ticks(pid: &str) -> Option<u64> {
    start_ticks_in(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?))
}

/// Field 22 of `/proc/PID/stat`. Field 2, in parentheses, may contain any character, so the fields are counted
/// from its end.
fn start_ticks_in(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(22 - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_after_any_process_name() {
        let numbers = "S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 2 3";
        for name in ["probe", "a b", "x) S 1 (y"] {
            assert_eq!(start_ticks_in(&format!("1 ({name}) {numbers}")), Some(987_654));
        }
        assert_eq!(start_ticks_in("1 (probe) S 0"), None);
    }
}
