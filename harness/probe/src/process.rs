//! Other processes: find one by its command line and send it a signal.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::process as kernel;
use crate::verb::Verb;

const SIGNALS: [(&str, i32); 8] = [
    ("KILL", libc::SIGKILL),
    ("TERM", libc::SIGTERM),
    ("INT", libc::SIGINT),
    ("HUP", libc::SIGHUP),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
    ("STOP", libc::SIGSTOP),
    ("CONT", libc::SIGCONT),
];

/// `kill`
#[derive(Debug)]
pub(crate) struct Kill {
    cmdline: Vec<u8>,
    signal: (&'static str, i32),
}

/// A process as `/proc` shows it.
struct Seen {
    parent: i32,
    cmdline: Vec<u8>,
}

impl Kill {
    /// Reads `kill`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        let cmdline = options.required_bytes("cmdline")?;
        if cmdline.is_empty() {
            return Err(options.complaint("needs a --cmdline that is not empty"));
        }
        let wanted = options.optional("signal").unwrap_or_else(|| "KILL".into());
        let Some(signal) = SIGNALS.into_iter().find(|(name, _)| wanted == *name) else {
            let known = SIGNALS.map(|(name, _)| name).join(", ");
            return Err(
                options.complaint(&format!("cannot take --signal `{}` (known: {known})", wanted.display()))
            );
        };
        Ok(Verb::Kill(Self { cmdline, signal }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = Fields::new().text("cmdline", &self.cmdline).text("signal", self.signal.0);
        let result = self.send();
        log.act("kill", asked, result)
    }

    fn send(&self) -> io::Result<Fields> {
        let all = processes()?;
        let ours = i32::try_from(process::id()).map_err(io::Error::other)?;
        let matches = matches(&all, &self.cmdline, ours);
        let [(pid, found)] = matches.as_slice() else {
            if matches.is_empty() {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            let pids: Vec<_> = matches.iter().map(|(pid, _)| pid.to_string()).collect();
            return Err(io::Error::other(format!("{} processes match: {}", pids.len(), pids.join(", "))));
        };
        kernel::send_signal(*pid, self.signal.1)?;
        Ok(Fields::new().number("pid", *pid).text("found", found))
    }
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

fn processes() -> io::Result<BTreeMap<i32, Seen>> {
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
