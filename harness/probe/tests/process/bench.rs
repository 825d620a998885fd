//! The bench the tests work on: starting the probe, reading its reports, names nobody else uses.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the probe to its end.
pub(crate) fn probe<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Output {
    command(words).output().expect("the probe starts")
}

/// Runs the probe to its end; the words are separated by blanks.
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

/// The only report of an output.
pub(crate) fn report(output: &Output) -> Value {
    let mut all = reports(output);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A probe that runs beside the test, and is killed if the test forgets it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it; the words are separated by blanks.
    pub(crate) fn start(line: &str) -> Self {
        let mut child =
            command(line.split_whitespace()).stdout(Stdio::piped()).spawn().expect("the probe starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        // A thread of its own, because a read from a pipe knows no patience.
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line it writes.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("another line")
    }

    /// The next report it writes.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a report is JSON")
    }

    /// Sends it a signal, by name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Whether it is alive and asleep in the kernel.
    pub(crate) fn sleeps(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" S "))
    }

    /// Waits for its end: the exit code (none after a fatal signal) and the lines that were left.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let begin = Instant::now();
        let mut rest = Vec::new();
        let end = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => rest.push(line),
                Err(end) => break end,
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "the probe does not end");
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waitable") {
                break status;
            }
            assert!(begin.elapsed() < PATIENCE, "the probe does not end");
            thread::sleep(Duration::from_millis(5));
        };
        (status.code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to do.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A number no other test of this machine has.
pub(crate) fn own_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (std::process::id() << 8) | NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The name of a queue that only one test uses, unlinked when the test ends.
pub(crate) struct OwnQueue(pub(crate) String);

impl OwnQueue {
    /// A new name.
    pub(crate) fn new() -> Self {
        Self(format!("/podproof-{}", own_number()))
    }

    /// How many messages wait in it; none if there is no queue.
    pub(crate) fn waiting(&self) -> Option<u64> {
        report(&run(&format!("mq-look --queue {}", self.0)))["curmsgs"].as_u64()
    }
}

impl Drop for OwnQueue {
    fn drop(&mut self) {
        run(&format!("mq-unlink --queue {}", self.0));
    }
}
