//! Running commands in containers.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, join, select};
use kube::api::{AttachParams, AttachedProcess};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use super::context::Stage;
use super::error::StageError;
use super::refs::PodRef;
use super::request::retry_if_no_effect;
use crate::cluster::with_causes;
use podproof_core::evidence::{Exec, ExecEnd};

/// The number of bytes that are kept of each output stream of a command.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// Opening a connection to a pod is retried for this fraction of the command's time.
pub(super) const OPENING_FRACTION: u32 = 2;

/// The path of the probe in its image.
pub(super) const PROBE: &str = "/probe";

impl Stage {
    /// Runs the probe in a container: `stage.probe("token-after", &pod, "main", &["read", "--path", "/data/token"])`.
    pub async fn probe(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        verbs: &[&str],
    ) -> Result<Exec, StageError> {
        let argv: Vec<_> = [PROBE].iter().chain(verbs).copied().collect();
        self.exec(label, pod, container, &argv).await
    }

    /// Runs a command that may kill its own container, and so never report its end. The caller must check the effect in
    /// another way. The command is recorded as evidence like any other.
    pub async fn exec_ignoring_result(&self, label: &str, pod: &PodRef, container: &str, argv: &[&str]) {
        let _ = self.exec(label, pod, container, argv).await;
    }

    /// Runs a command in a container and records it as evidence under `label`.
    ///
    /// Any exit code is an answer. Fails if the command could not be run or did not end within its budget.
    pub async fn exec(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        argv: &[&str],
    ) -> Result<Exec, StageError> {
        self.exec_within(self.budgets.exec(), label, pod, container, argv).await
    }

    /// Like [`exec`](Self::exec), with a timeout for a command that needs longer.
    pub async fn exec_within(
        &self,
        patience: Duration,
        label: &str,
        pod: &PodRef,
        container: &str,
        argv: &[&str],
    ) -> Result<Exec, StageError> {
        let started = podproof_core::evidence::now();
        let CommandResult { end, stdout, stderr } = self.run_within(patience, pod, container, argv).await;
        let exec = Exec {
            label: label.to_owned(),
            pod: pod.name.clone(),
            container: container.to_owned(),
            argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
            started,
            ended: podproof_core::evidence::now(),
            end,
            stdout,
            stderr,
        };
        self.recorder.exec(exec.clone());
        match &exec.end {
            ExecEnd::Exited(_) => Ok(exec),
            ExecEnd::Broken(problem) => {
                Err(StageError::Exec { label: label.to_owned(), problem: problem.clone() })
            }
        }
    }

    /// Runs a command in a container, with a timeout.
    pub(super) async fn run_within(
        &self,
        patience: Duration,
        pod: &PodRef,
        container: &str,
        argv: &[&str],
    ) -> CommandResult {
        let ran = timeout(patience, self.run_in(pod, container, argv)).await;
        ran.unwrap_or_else(|_| CommandResult::broken(format!("did not end within {} s", patience.as_secs())))
    }

    async fn run_in(&self, pod: &PodRef, container: &str, argv: &[&str]) -> CommandResult {
        let params = AttachParams::default().container(container).stdout(true).stderr(true).stdin(false);
        let (pods, patience) = (self.pods(), self.budgets.exec() / OPENING_FRACTION);
        // A command that may have started is not retried.
        match retry_if_no_effect(patience, "exec", || pods.exec(&pod.name, argv.iter().copied(), &params))
            .await
        {
            Ok(process) => collect(process).await,
            Err(error) => CommandResult::broken(error.without_action()),
        }
    }
}

/// The end and the output of a command.
pub(super) struct CommandResult {
    pub(super) end: ExecEnd,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl CommandResult {
    /// The result of a command that could not be run, or whose end is unknown.
    pub(super) fn broken(why: String) -> Self {
        Self { end: ExecEnd::Broken(why), stdout: String::new(), stderr: String::new() }
    }
}

async fn collect(mut process: AttachedProcess) -> CommandResult {
    let (out, err, status) = (process.stdout(), process.stderr(), process.take_status());
    let status = async { if let Some(status) = status { status.await } else { None } };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = {
        let reading = pin!(join(read_some(out, &mut stdout), read_some(err, &mut stderr)));
        match select(pin!(status), reading).await {
            Either::Left((None, reading)) => {
                // The streams of a broken connection never end. Keep what was already received.
                let _ = reading.now_or_never();
                None
            }
            Either::Left((status, reading)) => {
                reading.await;
                status
            }
            Either::Right((_, status)) => status.await,
        }
    };
    let end = match status {
        None => {
            let cause = process.join().await.err().map(|error| format!(": {}", with_causes(&error)));
            ExecEnd::Broken(format!("its exit status did not arrive{}", cause.unwrap_or_default()))
        }
        Some(status) if status.status.as_deref() == Some("Success") => ExecEnd::Exited(0),
        Some(status) => {
            let code =
                status.details.iter().flat_map(|details| details.causes.iter().flatten()).find_map(|cause| {
                    (cause.reason.as_deref() == Some("ExitCode"))
                        .then(|| cause.message.as_deref()?.parse().ok())?
                });
            code.map_or_else(|| ExecEnd::Broken(status.message.unwrap_or_default()), ExecEnd::Exited)
        }
    };
    let text = |kept: Vec<u8>| String::from_utf8_lossy(&kept).into_owned();
    CommandResult { end, stdout: text(stdout), stderr: text(stderr) }
}

/// Reads a stream to its end and keeps the first [`OUTPUT_LIMIT`] bytes.
async fn read_some(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    // An error is ignored: if the stream breaks, the exit status does not arrive either.
    let _ = (&mut stream).take(OUTPUT_LIMIT).read_to_end(kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}
