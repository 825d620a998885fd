//! Lists processes from `/proc`, and finds one by its command line.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process;

use crate::args::{Options, UsageError};

#[derive(Debug)]
pub(crate) struct Process {
    parent: i32,
    /// The arguments, separated by spaces.
    pub(crate) cmdline: Vec<u8>,
}

/// Parses `--cmdline`, which must not be empty.
pub(crate) fn cmdline(options: &mut Options) -> Result<Vec<u8>, UsageError> {
    let cmdline = options.required_bytes("cmdline")?;
    if cmdline.is_empty() {
        return Err(options.usage_error("needs a --cmdline that is not empty"));
    }
    Ok(cmdline)
}

/// Finds the only process whose command line contains this text. Returns its PID and its whole command line.
///
/// Fails with `ESRCH` if no process matches, and without an errno if several match.
pub(crate) fn find_one(cmdline: &[u8]) -> io::Result<(i32, Vec<u8>)> {
    let all = all()?;
    let own_pid = i32::try_from(process::id()).map_err(io::Error::other)?;
    let matches = matches(&all, cmdline, own_pid);
    let [(pid, found)] = matches.as_slice() else {
        if matches.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        let pids: Vec<_> = matches.iter().map(|(pid, _)| pid.to_string()).collect();
        return Err(io::Error::other(format!("{} processes match: {}", pids.len(), pids.join(", "))));
    };
    Ok((*pid, found.to_vec()))
}

/// All matching processes except this one and its ancestors, whose command lines contain the text too.
fn matches<'a>(all: &'a BTreeMap<i32, Process>, text: &[u8], own_pid: i32) -> Vec<(i32, &'a [u8])> {
    let mut ancestors = vec![own_pid];
    while let Some(parent) = ancestors.last().and_then(|pid| all.get(pid)).map(|seen| seen.parent) {
        if ancestors.contains(&parent) {
            break;
        }
        ancestors.push(parent);
    }
    all.iter()
        .filter(|(pid, _)| !ancestors.contains(pid))
        .map(|(pid, seen)| (*pid, seen.cmdline.as_slice()))
        .filter(|(_, cmdline)| cmdline.windows(text.len()).any(|window| window == text))
        .collect()
}

/// All visible processes by PID.
pub(crate) fn all() -> io::Result<BTreeMap<i32, Process>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        // Skip a process that ends between listing and reading.
        if let Some(pid) = name.to_str().and_then(|name| name.parse().ok())
            && let Some(seen) = look(pid)
        {
            all.insert(pid, seen);
        }
    }
    Ok(all)
}

fn look(pid: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let parent = parent_in(&String::from_utf8_lossy(&stat))?;
    let raw = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<u8> = raw.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    Some(Process { parent, cmdline: words.trim_ascii_end().to_vec() })
}

/// Field 4 of `/proc/PID/stat`, counted from the end of the process name.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(4 - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_ancestors_do_not_match() {
        let process = |parent, cmdline: &str| Process { parent, cmdline: cmdline.into() };
        let all = BTreeMap::from([
            (1, process(0, "/pause")),
            (7, process(0, "/probe write-part --path /x then hold")),
            (8, process(0, "sh -c probe kill --cmdline write-part")),
            (9, process(8, "/probe kill --cmdline write-part")),
        ]);
        let found: Vec<_> = matches(&all, b"write-part", 9).into_iter().map(|(pid, _)| pid).collect();
        assert_eq!(found, [7]);
        assert!(matches(&all, b"nothing of the kind", 9).is_empty());
    }

    #[test]
    fn the_parent_is_found_after_any_process_name() {
        assert_eq!(parent_in("12 (a) R 3 (b) S 5 12 12"), Some(5));
    }
}
