//! Running commands in containers.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, join, select};
use kube::api::{AttachParams, AttachedProcess};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use super::asking::opened;
use super::blocked::Blocked;
use super::deeds::PodRef;
use super::open::Stage;
use crate::cluster::with_causes;
use crate::evidence::{Exec, ExecEnd};

/// How much of each stream of a command is kept.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// What leads into a pod, and cannot be opened, is asked for again in this part of the time that there is for it.
pub(super) const PART_FOR_OPENING: u32 = 2;

/// Where the probe is in its image.
pub(super) const PROBE: &str = "/probe";

impl Stage {
    /// Runs the probe in a container: `stage.probe("token-after", &pod, "main", &["read", "--path", "/data/token"])`.
    pub async fn probe(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        verbs: &[&str],
    ) -> Result<Exec, Blocked> {
        let argv: Vec<_> = [PROBE].iter().chain(verbs).copied().collect();
        self.exec(label, pod, container, &argv).await
    }

    /// Runs a command that may end its own container, and so be cut off: whether it was carried out shows in what is
    /// awaited next, not in its end. It is kept as evidence like any other.
    pub async fn order(&self, label: &str, pod: &PodRef, container: &str, argv: &[&str]) {
        let _ = self.exec(label, pod, container, argv).await;
    }

    /// Runs a command in a container and keeps it as evidence under `label`.
    ///
    /// Any exit code is an answer. That the command could not be run, or did not end in its budget, blocks.
    pub async fn exec(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        argv: &[&str],
    ) -> Result<Exec, Blocked> {
        self.exec_within(self.budgets.exec(), label, pod, container, argv).await
    }

    /// The same for a command that takes its time.
    pub async fn exec_within(
        &self,
        patience: Duration,
        label: &str,
        pod: &PodRef,
        container: &str,
        argv: &[&str],
    ) -> Result<Exec, Blocked> {
        let started = crate::evidence::now();
        let ran = timeout(patience, self.run_in(pod, container, argv)).await;
        let Ran { end, stdout, stderr } = ran.unwrap_or_else(|_| Ran {
            end: ExecEnd::Broken(format!("no end in {} s", patience.as_secs())),
            stdout: String::new(),
            stderr: String::new(),
        });
        let exec = Exec {
            label: label.to_owned(),
            pod: pod.name.clone(),
            container: container.to_owned(),
            argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
            started,
            ended: crate::evidence::now(),
            end,
            stdout,
            stderr,
        };
        self.recorder.exec(exec.clone());
        match &exec.end {
            ExecEnd::Exited(_) => Ok(exec),
            ExecEnd::Broken(problem) => {
                Err(Blocked::Exec { label: label.to_owned(), problem: problem.clone() })
            }
        }
    }

    pub(super) async fn run_in(&self, pod: &PodRef, container: &str, argv: &[&str]) -> Ran {
        let params = AttachParams::default().container(container).stdout(true).stderr(true).stdin(false);
        let (pods, patience) = (self.pods(), self.budgets.exec() / PART_FOR_OPENING);
        // A command that may have begun is not run again.
        match opened(patience, "exec", || pods.exec(&pod.name, argv.iter().copied(), &params)).await {
            Ok(process) => collect(process).await,
            Err(blocked) => Ran {
                end: ExecEnd::Broken(blocked.of_request()),
                stdout: String::new(),
                stderr: String::new(),
            },
        }
    }
}

/// What became of a command.
pub(super) struct Ran {
    pub(super) end: ExecEnd,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

async fn collect(mut process: AttachedProcess) -> Ran {
    let (out, err, status) = (process.stdout(), process.stderr(), process.take_status());
    let status = async { if let Some(status) = status { status.await } else { None } };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = {
        let reading = pin!(join(read_some(out, &mut stdout), read_some(err, &mut stderr)));
        match select(pin!(status), reading).await {
            Either::Left((None, reading)) => {
                // The streams of a connection that broke never end. What has come of them is kept.
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
    Ran { end, stdout: text(stdout), stderr: text(stderr) }
}

/// Reads a stream to its end and keeps its beginning.
async fn read_some(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    // A stream that breaks shows in the exit status, which then does not arrive.
    let _ = (&mut stream).take(OUTPUT_LIMIT).read_to_end(kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}
