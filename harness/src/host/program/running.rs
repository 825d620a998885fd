//! Runs a program until it ends, exceeds its time limit, or is cancelled.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::error::CommandError;
use super::line::{Input, Program};
use super::output::{Output, keep_end, last_lines};
use crate::host::group::ProcessGroup;

/// How long a program's pipes may stay open after it has ended.
const GRACE: Duration = Duration::from_secs(3);

impl Program {
    /// Runs the program and waits for it to end.
    pub async fn run(&self, cancel: &CancellationToken) -> Result<Output, CommandError> {
        tracing::debug!(command = self.command_line(), "start");
        let mut child = self.spawn()?;
        // Dropping this future kills the program and everything that it started.
        let mut group = ProcessGroup::of(&child);
        let feed = feed(child.stdin.take(), &self.input);
        let stdout = keep_end(child.stdout.take());
        let stderr = keep_end(child.stderr.take());
        let mut streams = tokio::spawn(async move { tokio::join!(stdout, stderr) });
        let ended = tokio::select! {
            ended = async { feed.await; timeout(self.deadline, child.wait()).await } => ended.ok(),
            () = cancel.cancelled() => {
                group.end(&mut child).await;
                return Err(CommandError::Cancelled { command: self.command_line() });
            }
        };
        if ended.is_none() {
            group.end(&mut child).await;
        }
        group.forget();
        // A background process may keep the pipes open.
        let output = timeout(GRACE, &mut streams).await.ok().and_then(Result::ok);
        let is_complete = output.is_some();
        let (stdout, stderr) = output.unwrap_or_default();
        match ended {
            // Incomplete output must not be mistaken for the whole output.
            Some(Ok(status)) if status.success() && !is_complete => {
                Err(CommandError::Unread { command: self.command_line(), why: "it did not end".to_owned() })
            }
            Some(Ok(status)) if status.success() => Ok(Output { stdout, stderr }),
            Some(Ok(status)) => Err(CommandError::Failed {
                command: self.command_line(),
                status,
                stderr_tail: last_lines(&stderr, &stdout),
            }),
            Some(Err(source)) => Err(CommandError::Start { command: self.command_line(), source }),
            None => Err(CommandError::Late {
                command: self.command_line(),
                deadline: self.deadline,
                stderr_tail: last_lines(&stderr, &stdout),
            }),
        }
    }

    /// Runs the program repeatedly until it succeeds. Returns the last error after `patience`.
    pub async fn run_until_success(
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
}

async fn feed(stdin: Option<tokio::process::ChildStdin>, input: &Input) {
    if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, input) {
        // If the program does not read its input, its exit status shows the reason.
        let _ = stdin.write_all(bytes).await;
    }
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
    async fn standard_output_is_returned() {
        let output = Program::new("cat").input("here").run(&never()).await.unwrap();
        assert_eq!(output.stdout, "here");
    }

    #[tokio::test]
    async fn a_failure_shows_command_status_and_stderr() {
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
    async fn a_program_over_its_time_limit_is_killed_with_its_children() {
        let command = Program::new("sh")
            .args(["-c", "sleep 987 & echo $! ; wait"])
            .deadline(Duration::from_millis(300));
        let error = command.run(&never()).await.unwrap_err();
        let CommandError::Late { stderr_tail, .. } = error else { unreachable!("{error}") };
        assert!(ends(&stderr_tail), "sleep {} is still running", stderr_tail.trim());
    }

    /// Returns whether a process ends within ten seconds.
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
    async fn a_dropped_program_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let script = format!("sleep 987 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display());
        let command = Program::new("sh").args(["-c", &script]);
        let cancel = never();
        tokio::select! {
            end = command.run(&cancel) => unreachable!("{end:?}"),
            () = async { while !pids.exists() { sleep(Duration::from_millis(10)).await } } => {}
        }
        let pid = std::fs::read_to_string(&pids).unwrap();
        assert!(ends(&pid), "sleep {} is still running", pid.trim());
    }

    #[tokio::test]
    async fn a_cancellation_ends_the_program() {
        let cancel = never();
        cancel.cancel();
        let error = Program::new("sleep").arg("60").run(&cancel).await.unwrap_err();
        assert_matches!(error, CommandError::Cancelled { .. });
    }
}
