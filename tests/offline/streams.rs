//! Output streams that nobody reads, that are full, or whose terminal was closed: a command still does its work.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use podproof_core::record::{read_record, write_record};
use podproof_tests::{kubeconfig, podproof, run};
use rstest::rstest;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

use crate::facts::{Request, answer_basics, serve};
use crate::record::{case, pass, record};

/// The longest time that a run may take to end after a signal.
const GRACE: Duration = Duration::from_secs(90);

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// A pipe whose reader has gone away.
fn gone() -> io::PipeWriter {
    io::pipe().unwrap().1
}

/// A stderr that cannot be written to.
fn broken(how: &str) -> Stdio {
    match how {
        "full" => full().into(),
        _ => gone().into(),
    }
}

/// Writes `count` JUnit reports with one test case each. Returns their paths.
fn reports(folder: &Path, count: usize) -> Vec<PathBuf> {
    let report = |number: usize| {
        let file = folder.join(format!("junit-{number}.xml"));
        let text = format!(
            "<testsuites><testsuite name=\"s\" timestamp=\"2026-11-{:02}T10:00:00\">\
             <testcase classname=\"c\" name=\"t\" time=\"1\"/></testsuite></testsuites>",
            number + 1
        );
        fs::write(&file, text).unwrap();
        file
    };
    (0..count).map(report).collect()
}

fn history(folder: &Path, args: &[&str]) -> Command {
    let mut command = podproof(["history"]);
    command.args(args).env("XDG_STATE_HOME", folder);
    command
}

fn kept(folder: &Path) -> usize {
    run(&mut history(folder, &["list"]))
        .exits(0)
        .stdout
        .lines()
        .filter(|line| line.contains("202611"))
        .count()
}

#[test]
fn a_reader_that_stops_after_one_line_does_not_stop_the_import() {
    let folder = tempfile::tempdir().unwrap();
    let files = reports(folder.path(), 18);
    let (reader, writer) = io::pipe().unwrap();
    let mut command = history(folder.path(), &["import"]);
    command.args(&files).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).unwrap();
    assert!(line.contains("kept "), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(kept(folder.path()), 18);
}

#[rstest]
#[case::full("full")]
#[case::gone("gone")]
fn a_broken_stderr_changes_no_exit_code(#[case] how: &str) {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("run");
    write_record(&runs, &record("check", &[case("volume/initially-empty", 1, &pass())])).unwrap();
    let runs = runs.to_str().unwrap();
    let files = reports(folder.path(), 1);
    let import = ["history", "import", files[0].to_str().unwrap()];
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let exit_code = |args: &[&str], stderr: Stdio| {
        let mut command = podproof(args);
        command.env("XDG_STATE_HOME", folder.path()).env("PATH", &empty);
        command.stdout(Stdio::null()).stderr(stderr).status().unwrap().code()
    };
    for args in [
        &["list"] as &[&str],
        &["list", "--select", "ipc/no-such"],
        &["list", "--frobnicate"],
        &["report", runs],
        &["report", "/nonexistent"],
        // Its evidence is missing.
        &["judge", runs],
        &import,
        &["history", "check"],
        &["cluster", "down", "--name", "none-of-that-name"],
    ] {
        let code = exit_code(args, Stdio::null());
        assert!(
            code.is_some_and(|code| [0, 2, 4, 96, 97].contains(&code) || args[0] == "judge"),
            "{args:?}: {code:?}"
        );
        assert_eq!(exit_code(args, broken(how)), code, "{args:?}");
    }
}

#[test]
fn a_failed_write_to_stdout_exits_98_without_a_panic() {
    for args in [&["list"] as &[&str], &["explain", "ipc/mc2-article"], &["explain", "--article"]] {
        let ended = run(podproof(args).stdout(full())).exits(98);
        assert!(ended.stderr.contains("write to stdout"), "{ended}");
        let _ = run(podproof(args).stdout(gone())).exits(0);
    }
}

/// Answers requests for the version and the nodes, and never responds to a request of a case.
fn silent_to_cases(request: &Request) -> Option<(u16, String)> {
    let is_of_case = request.line.starts_with("POST /api/v1/namespaces") && !request.line.contains("dryRun");
    (!is_of_case).then(|| answer_basics(request))
}

fn silent(_: &Request) -> Option<(u16, String)> {
    None
}

#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn refusing(request: &Request) -> Option<(u16, String)> {
    Some(answer_basics(request))
}

/// A run on a fake cluster, ready to start.
struct Running {
    folder: TempDir,
    command: Command,
    _requests: Receiver<Request>,
}

impl Running {
    fn on(answer: fn(&Request) -> Option<(u16, String)>, args: &[&str]) -> Self {
        let (server, requests) = serve(answer);
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = kubeconfig(folder.path(), &server);
        let mut command = podproof(["run", "--context", "x", "--stretch", "0.1", "--out"]);
        command.arg(folder.path().join("runs")).args(args).env("KUBECONFIG", kubeconfig);
        Self { folder, command, _requests: requests }
    }

    /// The run's folder, once there is one.
    fn run(&self) -> PathBuf {
        let runs = self.folder.path().join("runs");
        wait_for("the run's folder", || fs::read_dir(&runs).ok()?.next()?.ok()).path()
    }

    /// How many events are in the log.
    fn events(&self) -> usize {
        fs::read_to_string(self.run().join("events.jsonl")).unwrap_or_default().lines().count()
    }
}

/// Calls `look` until it returns a value, for three minutes at most.
fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(180), "{what}: timed out");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let _ = run(Command::new("kill").args([name, &child.id().to_string()])).exits(0);
}

/// Waits until the process ends. Kills it and panics after [`GRACE`].
fn wait_for_exit(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        let late = begun.elapsed() >= GRACE;
        if late {
            child.kill().unwrap();
        }
        assert!(!late, "it has not ended after {GRACE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[rstest]
fn a_signal_ends_what_cannot_write_to_stderr(
    #[values("full", "gone")] how: &str,
    #[values(("-INT", 130), ("-TERM", 143), ("-HUP", 143))] signalled: (&str, i32),
) {
    let (name, code) = signalled;
    let mut running = Running::on(silent, &[]);
    let mut child = running.command.stdout(Stdio::null()).stderr(broken(how)).spawn().unwrap();
    wait_for("a handler of signals", || catches_signals(&child).then_some(()));
    signal(&child, name);
    assert_eq!(wait_for_exit(&mut child).code(), Some(code));
}

/// Returns whether the process has handlers for INT, TERM and HUP, by its status in /proc.
fn catches_signals(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default().trim();
    let caught = u64::from_str_radix(caught, 16).unwrap_or_default();
    [1, 2, 15].iter().all(|number| caught & (1 << (number - 1)) != 0)
}

#[test]
fn a_terminal_that_is_closed_ends_the_run_with_reports() {
    // No other process may hold it open.
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    // It must not become the controlling terminal of this process.
    let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    let mut open = OpenOptions::new();
    let terminal = open.read(true).write(true).custom_flags(flags).open(name.to_str().unwrap()).unwrap();
    let running = Running::on(silent_to_cases, &["--select", "ipc/*", "--parallel", "2"]);
    // The program gets its own session with this controlling terminal, as from a shell.
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(running.command.get_program()).args(running.command.get_args());
    for (key, value) in running.command.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    let stream = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
    drop((command, terminal));
    wait_for("a case that has begun", || (running.events() >= 3).then_some(()));
    drop(master);
    // The cases in flight are inconclusive, which takes precedence over the signal in the exit code.
    assert_eq!(wait_for_exit(&mut child).code(), Some(101));
    let record = read_record(&running.run()).unwrap();
    assert!(record.interrupted.is_some());
    for report in ["record.json", "junit.xml", "report.html", "summary.md"] {
        assert!(running.run().join(report).exists(), "{report}");
    }
}

/// Enough events to fill any pipe.
const MANY: &[&str] = &["--message-format", "json", "--select", "ipc/mc2-article", "--repeat", "400"];

/// The number of events: two per case, two of the run, and one of the cleanup.
const ALL: usize = 2 * 400 + 3;

#[rstest]
#[case::never(&[], 101)]
#[case::once(&["-INT"], 101)]
#[case::twice(&["-INT", "-INT"], 101)]
fn a_reader_that_never_reads_blocks_neither_the_run_nor_its_exit(
    #[case] signals: &[&str],
    #[case] code: i32,
) {
    let mut running = Running::on(refusing, MANY);
    let (mut reader, writer) = io::pipe().unwrap();
    let mut child = running.command.stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    running.command = podproof(["--version"]);
    if signals.is_empty() {
        // The run ends and writes its record before anything was read.
        wait_for("the record", || running.run().join("record.json").exists().then_some(()));
        let mut events = String::new();
        reader.read_to_string(&mut events).unwrap();
        assert_eq!(events.lines().count(), ALL);
    } else {
        // More than a pipe takes.
        wait_for("many events", || (running.events() >= 400).then_some(()));
        for name in signals {
            signal(&child, name);
        }
    }
    // The ended cases are inconclusive, which takes precedence over the signal in the exit code.
    assert_eq!(wait_for_exit(&mut child).code(), Some(code));
    assert_eq!(read_record(&running.run()).unwrap().cases.len(), 400);
    assert!(running.run().join("junit.xml").exists());
    assert!(!signals.is_empty() || running.events() == ALL);
    drop(reader);
}
