//! Programs of the host: the only place that starts them.
//!
//! A command is a vector of arguments, never a shell string. It runs in a process group of its own, so that a
//! deadline or a cancel ends it with all it started, and under a supervisor, so that our own death does.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command as Process};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::supervisor::supervised;
use crate::redact::redacted;

/// How long a program's pipes may stay open after its end.
const GRACE: Duration = Duration::from_secs(3);
/// How much of what a program says is kept: the end of it.
const KEPT: usize = 4 << 20;
/// How many last lines of standard error an error shows.
const SHOWN_LINES: usize = 12;

/// A program with its arguments and its limits.
#[derive(Debug)]
pub struct Program {
    argv: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    input: Input,
    output: Option<PathBuf>,
    deadline: Duration,
}

#[derive(Debug)]
enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// What a program that ended well said.
#[derive(Debug)]
pub struct Output {
    /// Standard output, unless it went to a file.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A program that did not do what it should.
#[derive(Debug, Error)]
pub enum CommandError {
    /// It is not there.
    #[error("`{program}` is not installed")]
    Missing {
        /// Its name.
        program: String,
    },
    /// It could not be started, or talking to it failed.
    #[error("run `{command}`")]
    Start {
        /// The command.
        command: String,
        /// What is wrong.
        source: io::Error,
    },
    /// It ended badly.
    #[error("`{command}` {}{}", ending(*status), quoted(said))]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        said: String,
    },
    /// It took too long and was killed.
    #[error("`{command}` took longer than {} s{}", deadline.as_secs(), quoted(said))]
    Late {
        /// The command.
        command: String,
        /// What it was given.
        deadline: Duration,
        /// The last lines of its standard error.
        said: String,
    },
    /// It ended well, and what it said cannot be read.
    #[error("read the output of `{command}`: {why}")]
    Unread {
        /// The command.
        command: String,
        /// What is wrong with the output.
        why: String,
    },
    /// We were told to stop.
    #[error("`{command}` was interrupted")]
    Cancelled {
        /// The command.
        command: String,
    },
}

impl CommandError {
    /// What the program said last on standard error, where it got so far.
    #[must_use]
    pub fn said(&self) -> &str {
        match self {
            Self::Failed { said, .. } | Self::Late { said, .. } => said,
            Self::Missing { .. } | Self::Start { .. } | Self::Unread { .. } | Self::Cancelled { .. } => "",
        }
    }
}

impl Program {
    /// `program` is searched in `PATH` unless it has a slash. Without more it gets one minute.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            argv: vec![program.as_ref().to_owned()],
            variables: Vec::new(),
            folder: None,
            input: Input::Nothing,
            output: None,
            deadline: Duration::from_secs(60),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.argv.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.argv.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets one environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Gives these bytes on standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Gives this file on standard input.
    #[must_use]
    pub fn input_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.input = Input::File(file.into());
        self
    }

    /// Writes standard output to this file.
    #[must_use]
    pub fn output_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.output = Some(file.into());
        self
    }

    /// Kills the program after this time.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The arguments, the program first.
    #[must_use]
    pub fn argv(&self) -> &[OsString] {
        &self.argv
    }

    /// Runs the program to its end.
    pub async fn run(&self, cancel: &CancellationToken) -> Result<Output, CommandError> {
        tracing::debug!(command = self.shown(), "start");
        let mut child = self.spawn()?;
        // Whoever stops to wait for the program wants it to end, with all it started.
        let mut group = Group::of(&child);
        let feed = feed(child.stdin.take(), &self.input);
        let stdout = keep_end(child.stdout.take());
        let stderr = keep_end(child.stderr.take());
        let mut talk = tokio::spawn(async move { tokio::join!(stdout, stderr) });
        let ended = tokio::select! {
            ended = async { feed.await; timeout(self.deadline, child.wait()).await } => ended.ok(),
            () = cancel.cancelled() => {
                group.end(&mut child).await;
                return Err(CommandError::Cancelled { command: self.shown() });
            }
        };
        if ended.is_none() {
            group.end(&mut child).await;
        }
        group.forget();
        // Something that lives on may hold the pipes open.
        let said = timeout(GRACE, &mut talk).await.ok().and_then(Result::ok);
        let is_whole = said.is_some();
        let (stdout, stderr) = said.unwrap_or_default();
        match ended {
            // Nothing heard is not nothing said.
            Some(Ok(status)) if status.success() && !is_whole => {
                Err(CommandError::Unread { command: self.shown(), why: "it did not end".to_owned() })
            }
            Some(Ok(status)) if status.success() => Ok(Output { stdout, stderr }),
            Some(Ok(status)) => Err(CommandError::Failed {
                command: self.shown(),
                status,
                said: last_lines(&stderr, &stdout),
            }),
            Some(Err(source)) => Err(CommandError::Start { command: self.shown(), source }),
            None => Err(CommandError::Late {
                command: self.shown(),
                deadline: self.deadline,
                said: last_lines(&stderr, &stdout),
            }),
        }
    }

    /// Runs the program again and again until it ends well; gives its last error when `patience` is over.
    pub async fn run_until_well(
        &self,
        patience: Duration,
        cancel: &CancellationToken,
    ) -> Result<Output, CommandError> {
        let start = Instant::now();
        loop {
            match self.run(cancel).await {
                Err(CommandError::Failed { .. } | CommandError::Late { .. })
                    if start.elapsed() < patience =>
                {
                    sleep(Duration::from_millis(100)).await;
                }
                end => return end,
            }
        }
    }

    /// Starts the program in a session of its own and leaves it: it outlives us. What it says goes to `log`.
    pub fn leave_running(&self, log: &File) -> Result<u32, CommandError> {
        let failed = |source| self.not_started(source);
        // `setsid` forks when it leads a process group, so the caller's terminal and group never reach the program.
        let mut process = Process::new("setsid");
        process.arg("--fork").args(&self.argv).envs(self.variables.iter().map(|(name, value)| (name, value)));
        process.stdin(Stdio::null());
        process.stdout(log.try_clone().map_err(failed)?).stderr(log.try_clone().map_err(failed)?);
        let child = process.process_group(0).spawn().map_err(failed)?;
        Ok(child.id().unwrap_or_default())
    }

    /// The command as a reader would type it, cut where it is very long.
    #[must_use]
    pub fn shown(&self) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| word.to_string_lossy()).collect();
        let line = redacted(&words.join(" ")).into_owned();
        match line.char_indices().nth(200) {
            Some((cut, _)) => format!("{} …", &line[..cut]),
            None => line,
        }
    }

    fn spawn(&self) -> Result<Child, CommandError> {
        let failed = |source| self.not_started(source);
        let mut process = match supervised(&self.argv) {
            // The supervisor starts well where its program cannot be.
            Some(_) if !self.is_there() => return Err(failed(io::ErrorKind::NotFound.into())),
            Some((us, name, arguments)) => {
                let mut process = Process::new(us);
                process.arg0(name).args(arguments);
                process
            }
            None => inheriting(&self.argv[0], &self.argv[1..]),
        };
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            process.current_dir(folder);
        }
        process.stdin(match &self.input {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) => Stdio::piped(),
            Input::File(file) => File::open(file).map_err(failed)?.into(),
        });
        process.stdout(match &self.output {
            Some(file) => File::create(file).map_err(failed)?.into(),
            None => Stdio::piped(),
        });
        process.stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        process.spawn().map_err(failed)
    }

    fn is_there(&self) -> bool {
        let own =
            self.variables.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        is_there(&self.argv[0], own.or_else(|| std::env::var_os("PATH")).as_deref())
    }

    fn not_started(&self, source: io::Error) -> CommandError {
        if source.kind() == io::ErrorKind::NotFound && self.folder.is_none() {
            CommandError::Missing { program: self.argv[0].to_string_lossy().into_owned() }
        } else {
            CommandError::Start { command: self.shown(), source }
        }
    }
}

/// Becomes another program; returns only to say why it could not.
pub(super) fn become_program(program: &str, arguments: &[OsString]) -> io::Error {
    std::process::Command::new(program).args(arguments).exec()
}

/// A program that keeps our standard streams.
pub(super) fn inheriting(program: &OsStr, arguments: &[OsString]) -> Process {
    let mut process = Process::new(program);
    process.args(arguments);
    process
}

/// Whether a program of this name can be found as the system finds it.
fn is_there(program: &OsStr, path: Option<&OsStr>) -> bool {
    if program.as_encoded_bytes().contains(&b'/') {
        return true;
    }
    let Some(path) = path else { return true };
    std::env::split_paths(path).any(|folder| {
        let found = folder.join(program).metadata();
        found.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    })
}

async fn feed(stdin: Option<tokio::process::ChildStdin>, input: &Input) {
    if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, input) {
        // A program that does not read its input says why by its exit status.
        let _ = stdin.write_all(bytes).await;
    }
}

async fn keep_end(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return String::new() };
    let mut chunk = vec![0; 8192];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn last_lines(stderr: &str, stdout: &str) -> String {
    let text = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    redacted(&lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")).into_owned()
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

fn quoted(said: &str) -> String {
    said.lines().flat_map(|line| ["\n    ", line]).collect()
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn never() -> CancellationToken {
        CancellationToken::new()
    }

    #[tokio::test]
    async fn gives_what_was_said() {
        let output = Program::new("cat").input("here").run(&never()).await.unwrap();
        assert_eq!(output.stdout, "here");
    }

    #[tokio::test]
    async fn a_bad_end_shows_command_status_and_last_words() {
        let error =
            Program::new("sh").args(["-c", "echo no luck >&2; exit 7"]).run(&never()).await.unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("sh -c"), "{shown}");
        assert!(shown.contains("exit code 7"), "{shown}");
        assert!(shown.contains("\n    no luck"), "{shown}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = Program::new("podproof-no-such-program").run(&never()).await.unwrap_err();
        assert_matches!(error, CommandError::Missing { program } if program == "podproof-no-such-program");
    }

    #[tokio::test]
    async fn a_late_program_is_killed_with_what_it_started() {
        let command = Program::new("sh")
            .args(["-c", "sleep 987 & echo $! ; wait"])
            .deadline(Duration::from_millis(300));
        let error = command.run(&never()).await.unwrap_err();
        let CommandError::Late { said, .. } = error else { unreachable!("{error}") };
        assert!(ends(&said), "sleep {} goes on", said.trim());
    }

    /// Whether a process ends within ten seconds; one that is killed takes a moment to.
    fn ends(pid: &str) -> bool {
        let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
            Ok(process) => {
                let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
                poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).unwrap() == 1
            }
            Err(error) => error == rustix::io::Errno::SRCH,
        }
    }

    #[tokio::test]
    async fn a_program_that_nobody_waits_for_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let script = format!("sleep 987 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display());
        let command = Program::new("sh").args(["-c", &script]);
        let cancel = never();
        tokio::select! {
            end = command.run(&cancel) => unreachable!("{end:?}"),
            () = async { while !pids.exists() { sleep(Duration::from_millis(10)).await } } => {}
        }
        let said = std::fs::read_to_string(&pids).unwrap();
        assert!(ends(&said), "sleep {} goes on", said.trim());
    }

    #[test]
    fn a_program_is_looked_for_as_the_system_does() {
        let (folder, script) = (tempfile::tempdir().unwrap(), "a-script");
        let there = || is_there(script.as_ref(), Some(folder.path().as_os_str()));
        assert!(!there());
        std::fs::write(folder.path().join(script), "").unwrap();
        assert!(!there());
        std::fs::set_permissions(folder.path().join(script), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(there());
    }

    #[tokio::test]
    async fn a_cancel_ends_the_program() {
        let cancel = never();
        cancel.cancel();
        let error = Program::new("sleep").arg("60").run(&cancel).await.unwrap_err();
        assert_matches!(error, CommandError::Cancelled { .. });
    }

    #[test]
    fn a_long_command_is_cut_when_shown() {
        assert!(Program::new("echo").arg("ä".repeat(500)).shown().ends_with(" …"));
    }
}
