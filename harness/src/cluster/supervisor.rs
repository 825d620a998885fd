//! This program in another role: it stands between us and a program of the host, and ends it with all it started when
//! we are gone, however we ended.
//!
//! The system's own signal for the death of a parent follows threads and not processes, and reaches no grandchildren.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, kill_process, pidfd_open, set_child_subreaper,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::program::inheriting;

/// The name under which this program is a supervisor.
pub const SUPERVISOR: &str = "podproof-supervisor";

/// How long what goes on has between the request to end and the kill.
const GRACE: Duration = Duration::from_secs(1);
/// How long the script for the death of our parent may take.
const LAST: Duration = Duration::from_secs(10);
/// How often is looked whether our parent lives, where the system does not report its end.
const LOOK: Duration = Duration::from_millis(100);
/// The exit code of a shell for a program that could not be started.
const NOT_STARTED: u8 = 127;

static AVAILABLE: OnceLock<()> = OnceLock::new();

/// Says that this very program acts as a supervisor when it is called so: programs are supervised from now on.
pub fn supervise_programs() {
    // Saying it twice changes nothing.
    let _ = AVAILABLE.set(());
}

/// The program, its name and the arguments with which `argv` is supervised, where that is possible. The script is run
/// when we end before it; an empty one does nothing.
pub(super) fn supervised(
    when_orphaned: &OsStr,
    argv: &[OsString],
) -> Option<(&'static str, &'static str, Vec<OsString>)> {
    AVAILABLE.get()?;
    let us = OsString::from(getpid().to_string());
    let arguments = [us, when_orphaned.to_owned()].into_iter().chain(argv.iter().cloned());
    // The file of the program that calls, even where another one has its name by now.
    Some(("/proc/self/exe", SUPERVISOR, arguments.collect()))
}

/// Acts as the supervisor: `arguments` are the process to live and die with, the script for its death, and the program with
/// its own arguments.
#[must_use]
pub fn act_as_supervisor(arguments: &[OsString]) -> ExitCode {
    match supervise(arguments) {
        Ok(status) => ended_as(status),
        Err(error) => {
            // Whoever started us shows what its program said.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

fn supervise(arguments: &[OsString]) -> io::Result<ExitStatus> {
    let [parent, when_orphaned, program, arguments @ ..] = arguments else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = pid(parent).ok_or(io::ErrorKind::InvalidInput)?;
    // Kernels before 5.3, and what filters system calls, have no such descriptor.
    let life = pidfd_open(parent, PidfdFlags::empty()).ok();
    if getppid() != Some(parent) {
        // It ended before we looked, and its number may be another's already.
        return Err(io::ErrorKind::NotFound.into());
    }
    // What loses its own parent becomes our child, so that nothing can hide.
    set_child_subreaper(Some(getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The group is asked to end; we end when the program has.
        let mut asked = signal(SignalKind::terminate())?;
        let (sender, mut death) = oneshot::channel();
        thread::spawn(move || {
            await_death(|| getppid() == Some(parent), life.as_ref());
            sender.send(())
        });
        let mut child = inheriting(program, arguments).spawn()?;
        loop {
            tokio::select! {
                status = child.wait() => return status,
                _ = asked.recv() => {}
                _ = &mut death => {
                    // At once: what is there now was started by the program, what comes later may be somebody else's.
                    run_last(when_orphaned).await;
                    end_all(&mut child).await;
                    return child.wait().await;
                }
            }
        }
    })
}

/// Runs the script for the death of our parent. Nobody is left to hear of its failure.
async fn run_last(script: &OsStr) {
    if !script.is_empty()
        && let Ok(mut last) = inheriting("sh".as_ref(), &["-c".into(), script.to_owned()]).spawn()
    {
        let _ = timeout(LAST, last.wait()).await;
    }
}

/// Returns when a process has ended: by its descriptor, else by looks whether it `lives`.
fn await_death(lives: impl Fn() -> bool, life: Option<&OwnedFd>) {
    while let Some(life) = life {
        match poll(&mut [PollFd::new(life, PollFlags::IN)], None) {
            Ok(_) => return,
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    while lives() {
        thread::sleep(LOOK);
    }
}

/// Asks all that descend from us to end, then kills what goes on, until there is nothing.
async fn end_all(child: &mut tokio::process::Child) {
    for process in descendants(getpid()) {
        // An error means that it is gone already.
        let _ = kill_process(process, Signal::TERM);
    }
    let _ = timeout(GRACE, child.wait()).await;
    loop {
        let going_on = descendants(getpid());
        if going_on.is_empty() {
            return;
        }
        for process in going_on {
            let _ = kill_process(process, Signal::KILL);
        }
        let _ = child.try_wait();
        sleep(Duration::from_millis(10)).await;
    }
}

/// The processes that descend from `root` and have not ended.
fn descendants(root: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let living: Vec<_> = entries.flatten().filter_map(|entry| parent_of(&entry.file_name())).collect();
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let children = living.iter().filter(|(_, parent)| *parent == found[at]).map(|(child, _)| *child);
        let children: Vec<_> = children.collect();
        found.extend(children);
        at += 1;
    }
    found.split_off(1)
}

/// A process that has not ended, and its parent.
fn parent_of(name: &OsStr) -> Option<(Pid, Pid)> {
    let process = pid(name)?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // 12574 (a name) S 12570 …
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (!["Z", "X"].contains(&state)).then_some((process, pid(fields.next()?.as_ref())?))
}

fn pid(text: &OsStr) -> Option<Pid> {
    Pid::from_raw(text.to_str()?.parse().ok()?)
}

/// Ends in the way in which the program ended.
fn ended_as(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal().and_then(Signal::from_named_raw) {
        let _ = kill_process(getpid(), signal);
    }
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_seen_with_and_without_a_descriptor() {
        for described in [true, false] {
            let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
            let process = Pid::from_child(&child);
            let life = described.then(|| pidfd_open(process, PidfdFlags::empty()).unwrap());
            let lives = move || parent_of(process.to_string().as_ref()).is_some();
            let waits = thread::spawn(move || await_death(lives, life.as_ref()));
            assert!(!waits.is_finished());
            child.kill().unwrap();
            waits.join().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn children_of_children_are_found() {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "sleep 60 & echo; wait"]).stdout(std::process::Stdio::piped());
        let mut child = shell.spawn().unwrap();
        let mut line = [0];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        let shell = Pid::from_child(&child);
        let ours = descendants(getpid());
        let sleep = descendants(shell);
        assert!(ours.contains(&shell), "{ours:?}");
        assert_eq!(sleep.len(), 1, "{sleep:?}");
        assert!(ours.contains(&sleep[0]), "{ours:?}");
        kill_process(sleep[0], Signal::KILL).unwrap();
        child.wait().unwrap();
    }
}
