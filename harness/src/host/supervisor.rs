//! A supervisor process between podproof and a program on the host. It ends the program and all its descendants when
//! podproof ends, even if podproof is killed.
//!
//! `PR_SET_PDEATHSIG` is not enough: it is sent when the parent *thread* ends, and not to grandchildren.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
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

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(1);
/// Time limit for the `when_orphaned` script.
const SCRIPT_PATIENCE: Duration = Duration::from_secs(10);
/// How often to check whether the parent is alive if pidfds are not available.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The exit code for a program that could not be started, as in shells.
const NOT_STARTED: u8 = 127;

/// Acts as the supervisor. `arguments` are podproof's process id, the `when_orphaned` script, and the program with its
/// arguments.
#[must_use]
pub fn act_as_supervisor(arguments: &[OsString]) -> ExitCode {
    match supervise(arguments) {
        Ok(status) => exit_like(status),
        Err(error) => {
            // podproof shows the standard error of its programs.
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
    // pidfds are not available before Linux 5.3, or if system calls are filtered.
    let life = pidfd_open(parent, PidfdFlags::empty()).ok();
    if getppid() != Some(parent) {
        // The parent has already ended, and its id may be reused.
        return Err(io::ErrorKind::NotFound.into());
    }
    // Adopt orphaned descendants, so that all of them can be found.
    set_child_subreaper(Some(getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // SIGTERM is sent to the whole process group, so the supervisor ends when the program does.
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, mut death) = oneshot::channel();
        thread::spawn(move || {
            await_death(|| getppid() == Some(parent), life.as_ref());
            sender.send(())
        });
        let mut child = inheriting(program, arguments).spawn()?;
        loop {
            tokio::select! {
                status = child.wait() => return status,
                _ = terminate.recv() => {}
                _ = &mut death => {
                    // Immediately: containers that appear later may belong to another process.
                    run_script(when_orphaned).await;
                    end_all(&mut child).await;
                    return child.wait().await;
                }
            }
        }
    })
}

/// Runs the `when_orphaned` script. Its failure is ignored because podproof has ended.
async fn run_script(script: &OsStr) {
    if !script.is_empty()
        && let Ok(mut last) = inheriting("sh".as_ref(), &["-c".into(), script.to_owned()]).spawn()
    {
        let _ = timeout(SCRIPT_PATIENCE, last.wait()).await;
    }
}

/// Blocks until a process has ended. Uses its pidfd if available, and otherwise polls `lives`.
fn await_death(lives: impl Fn() -> bool, life: Option<&OwnedFd>) {
    while let Some(life) = life {
        match poll(&mut [PollFd::new(life, PollFlags::IN)], None) {
            Ok(_) => return,
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    while lives() {
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends SIGTERM to all descendants, and then SIGKILL until none is left.
async fn end_all(child: &mut tokio::process::Child) {
    for process in descendants(getpid()) {
        // An error means that the process has already ended.
        let _ = kill_process(process, Signal::TERM);
    }
    let _ = timeout(GRACE, child.wait()).await;
    loop {
        let remaining = descendants(getpid());
        if remaining.is_empty() {
            return;
        }
        for process in remaining {
            let _ = kill_process(process, Signal::KILL);
        }
        let _ = child.try_wait();
        sleep(Duration::from_millis(10)).await;
    }
}

/// Returns the running descendants of `root`.
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

/// Returns the id of a running process and of its parent.
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

/// Ends with the same signal or exit code as the program.
fn exit_like(status: ExitStatus) -> ExitCode {
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
    fn an_ended_process_is_detected_with_and_without_a_pidfd() {
        for with_pidfd in [true, false] {
            let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
            let process = Pid::from_child(&child);
            let life = with_pidfd.then(|| pidfd_open(process, PidfdFlags::empty()).unwrap());
            let lives = move || parent_of(process.to_string().as_ref()).is_some();
            let waits = thread::spawn(move || await_death(lives, life.as_ref()));
            assert!(!waits.is_finished());
            child.kill().unwrap();
            waits.join().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn grandchildren_are_found() {
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
