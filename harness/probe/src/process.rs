//! Other processes: what `/proc` shows of them, and how one is found by its command line.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process;

use crate::args::{Options, Usage};

/// A process as `/proc` shows it.
#[derive(Debug)]
pub(crate) struct Seen {
    parent: i32,
    /// The words of the command line with blanks between them.
    pub(crate) cmdline: Vec<u8>,
}

/// The text in `--cmdline`.
pub(crate) fn cmdline(options: &mut Options) -> Result<Vec<u8>, Usage> {
    let cmdline = options.required_bytes("cmdline")?;
    if cmdline.is_empty() {
        return Err(options.complaint("needs a --cmdline that is not empty"));
    }
    Ok(cmdline)
}

/// The one process with this text in its command line: its number and its whole command line.
pub(crate) fn only_one(cmdline: &[u8]) -> io::Result<(i32, Vec<u8>)> {
    let all = all()?;
    let ours = i32::try_from(process::id()).map_err(io::Error::other)?;
    let matches = matches(&all, cmdline, ours);
    let [(pid, found)] = matches.as_slice() else {
        if matches.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        let pids: Vec<_> = matches.iter().map(|(pid, _)| pid.to_string()).collect();
        return Err(io::Error::other(format!("{} processes match: {}", pids.len(), pids.join(", "))));
    };
    Ok((*pid, found.to_vec()))
}

/// All that match, without this process and those that started it: their command lines contain the text as
/// well.
fn matches<'a>(all: &'a BTreeMap<i32, Seen>, text: &[u8], ours: i32) -> Vec<(i32, &'a [u8])> {
    let mut line = vec![ours];
    while let Some(parent) = line.last().and_then(|pid| all.get(pid)).map(|seen| seen.parent) {
        if line.contains(&parent) {
            break;
        }
        line.push(parent);
    }
    all.iter()
        .filter(|(pid, _)| !line.contains(pid))
        .map(|(pid, seen)| (*pid, seen.cmdline.as_slice()))
        .filter(|(_, cmdline)| cmdline.windows(text.len()).any(|window| window == text))
        .collect()
}

/// All processes that can be seen.
pub(crate) fn all() -> io::Result<BTreeMap<i32, Seen>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        // A process may end between the listing and the reading; then it is no match any more.
        if let Some(pid) = name.to_str().and_then(|name| name.parse().ok())
            && let Some(seen) = look(pid)
        {
            all.insert(pid, seen);
        }
    }
    Ok(all)
}

fn look(pid: i32) -> Option<Seen> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let parent = parent_in(&String::from_utf8_lossy(&stat))?;
    let raw = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<u8> = raw.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    Some(Seen { parent, cmdline: words.trim_ascii_end().to_vec() })
}

/// Field 4 of a `stat` line, counted from behind the name.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(4 - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_ancestors_are_no_matches() {
        let process = |parent, cmdline: &str| Seen { parent, cmdline: cmdline.into() };
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
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("12 (a) R 3 (b) S 5 12 12"), Some(5));
    }
}
