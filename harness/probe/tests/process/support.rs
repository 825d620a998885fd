//! Test helpers: start the probe, read its reports, create unique names.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The time limit of every wait.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Runs the probe to its end.
pub(crate) fn probe<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Output {
    command(words).output().expect("the probe starts")
}

/// Runs the probe to its end. The arguments are separated by spaces.
pub(crate) fn run(line: &str) -> Output {
    probe(line.split_whitespace())
}

fn command<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe"));
    command.args(words).stdin(Stdio::null());
    command
}

/// The lines of an output.
pub(crate) fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).expect("UTF-8").lines().map(String::from).collect()
}

/// The reports of an output.
pub(crate) fn reports(output: &Output) -> Vec<Value> {
    lines(output).iter().map(|line| serde_json::from_str(line).expect("a report is JSON")).collect()
}

/// The only report of an output. Panics if there is not exactly one.
pub(crate) fn report(output: &Output) -> Value {
    let mut all = reports(output);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A probe that runs in the background, and is killed on drop.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts the probe. The arguments are separated by spaces.
    pub(crate) fn start(line: &str) -> Self {
        let mut child =
            command(line.split_whitespace()).stdout(Stdio::piped()).spawn().expect("the probe starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        // In a separate thread, because a read from a pipe has no timeout.
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line it writes.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(TIMEOUT).expect("another line")
    }

    /// The next report it writes.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a report is JSON")
    }

    /// Sends a signal, by name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Returns whether the process is alive and in an interruptible sleep.
    pub(crate) fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" S "))
    }

    /// Waits for its end. Returns the exit code (`None` after a fatal signal) and the lines not read yet.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let begin = Instant::now();
        let mut rest = Vec::new();
        let end = loop {
            match self.lines.recv_timeout(TIMEOUT) {
                Ok(line) => rest.push(line),
                Err(end) => break end,
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "the probe did not end in time");
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waitable") {
                break status;
            }
            assert!(begin.elapsed() < TIMEOUT, "the probe did not end in time");
            thread::sleep(Duration::from_millis(5));
        };
        (status.code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if the process has ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Waits until a condition holds.
pub(crate) fn until(condition: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < TIMEOUT, "not in time: {condition}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A number that no other test on this machine uses.
pub(crate) fn own_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (std::process::id() << 8) | NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A queue name that only one test uses. The queue is unlinked on drop.
pub(crate) struct OwnQueue(pub(crate) String);

impl OwnQueue {
    pub(crate) fn new() -> Self {
        Self(format!("/podproof-{}", own_number()))
    }

    /// The number of messages in the queue. `None` if the queue does not exist.
    pub(crate) fn message_count(&self) -> Option<u64> {
        report(&run(&format!("mq-look --queue {}", self.0)))["curmsgs"].as_u64()
    }
}

impl Drop for OwnQueue {
    fn drop(&mut self) {
        run(&format!("mq-unlink --queue {}", self.0));
    }
}
