//! A program that runs: to its end, to its deadline, or until it is to stop.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::error::CommandError;
use super::line::{Input, Program};
use super::said::{Output, keep_end, last_lines};
use crate::cluster::group::Group;

/// How long a program's pipes may stay open after its end.
const GRACE: Duration = Duration::from_secs(3);

impl Program {
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
}

async fn feed(stdin: Option<tokio::process::ChildStdin>, input: &Input) {
    if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, input) {
        // A program that does not read its input says why by its exit status.
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

    #[tokio::test]
    async fn a_cancel_ends_the_program() {
        let cancel = never();
        cancel.cancel();
        let error = Program::new("sleep").arg("60").run(&cancel).await.unwrap_err();
        assert_matches!(error, CommandError::Cancelled { .. });
    }
}
