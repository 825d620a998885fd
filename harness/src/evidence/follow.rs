//! The tasks behind the recorder: watches on pods and events, and a stream per container log.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::PoisonError;
use std::time::Duration;

use futures::{AsyncBufReadExt as _, StreamExt as _};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use kube::api::LogParams;
use kube::runtime::watcher;
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use super::logs::{LogLine, LogText};
use super::recorder::{Begun, Shared, Sink};
use super::seen::{Change, SeenEvent, SeenPod};

/// How much of one log is kept.
const LOG_LIMIT: usize = 8 << 20;

/// How often a log that the kubelet does not give yet is asked for, and with which pause.
const LOG_TRIES: u32 = 20;
const LOG_PAUSE: Duration = Duration::from_millis(100);

/// Puts every state of every pod into the timeline, and has each new container instance's log followed.
pub(super) async fn watch_pods(pods: Api<Pod>, sink: Sink, follower: LogFollower, begun: Begun) {
    let mut stream = watcher(pods, watcher::Config::default()).boxed();
    while let Some(item) = stream.next().await {
        let (change, mut pod) = match item {
            Ok(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) => (Change::Applied, pod),
            Ok(watcher::Event::Delete(pod)) => (Change::Deleted, pod),
            Ok(watcher::Event::Init) => continue,
            Ok(watcher::Event::InitDone) => {
                begun.send_if_modified(|begun| begun.insert(None));
                continue;
            }
            Err(error) => {
                // The watcher re-lists by itself; only what cannot heal ends observing.
                if let Some(why) = incurable(&error) {
                    sink.send_modify(|observed| observed.broken = Some(why));
                    return;
                }
                tokio::time::sleep(LOG_PAUSE).await;
                continue;
            }
        };
        pod.metadata.managed_fields = None;
        let seen = SeenPod { at: Timestamp::now(), change, pod };
        if change == Change::Applied {
            follower.follow_new(&seen);
        }
        sink.send_modify(|observed| {
            // A re-list repeats what is already known.
            let version = |seen: &SeenPod| seen.pod.metadata.resource_version.clone();
            let known = observed
                .pod(seen.uid())
                .is_some_and(|last| last.change == seen.change && version(last) == version(&seen));
            if !known {
                observed.timeline.push(seen);
            }
        });
    }
}

/// Keeps the namespace's events. They are best effort in Kubernetes, so a fault here breaks nothing.
pub(super) async fn watch_events(events: Api<Event>, sink: Sink) {
    let mut stream = watcher(events, watcher::Config::default()).boxed();
    while let Some(item) = stream.next().await {
        match item {
            Ok(watcher::Event::Apply(mut event) | watcher::Event::InitApply(mut event)) => {
                event.metadata.managed_fields = None;
                let seen = SeenEvent { at: Timestamp::now(), event };
                sink.send_modify(|observed| observed.events.push(seen));
            }
            Ok(_) => {}
            Err(error) if incurable(&error).is_some() => return,
            Err(_) => tokio::time::sleep(LOG_PAUSE).await,
        }
    }
}

/// Why a watch will never work, where that is so.
pub(super) fn incurable(error: &watcher::Error) -> Option<String> {
    let (watcher::Error::InitialListFailed(source) | watcher::Error::WatchStartFailed(source)) = error else {
        return None;
    };
    match source {
        kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404) => {
            Some(format!("the API server refuses to be watched: {}", status.message))
        }
        _ => None,
    }
}

/// Starts one stream per container instance.
pub(super) struct LogFollower {
    pods: Api<Pod>,
    sink: Sink,
    begun: Shared<BTreeSet<Instance>>,
    stop: CancellationToken,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instance {
    pod: String,
    uid: String,
    container: String,
    restart: i32,
}

impl Instance {
    fn empty_log(&self) -> LogText {
        let Self { pod, uid, container, restart } = self.clone();
        let lines = Vec::new();
        LogText { pod, uid, container, restart, lines, complete: false, cut: false, broken: None }
    }
}

impl LogFollower {
    pub(super) fn new(client: &Client, namespace: &str, sink: Sink, stop: CancellationToken) -> Self {
        let pods = Api::namespaced(client.clone(), namespace);
        Self { pods, sink, begun: Shared::default(), stop }
    }

    /// Begins the log of each instance that `seen` shows for the first time.
    fn follow_new(&self, seen: &SeenPod) {
        for status in seen.containers() {
            let instance = |restart| Instance {
                pod: seen.name().to_owned(),
                uid: seen.uid().to_owned(),
                container: status.name.clone(),
                restart,
            };
            if status.restart_count > 0 {
                // An instance that came and went between two states is had only as the previous one.
                self.begin(instance(status.restart_count - 1), true);
            }
            if has_started(status) {
                self.begin(instance(status.restart_count), false);
            }
        }
    }

    fn begin(&self, instance: Instance, previous: bool) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if !begun.insert(instance.clone()) {
            return;
        }
        // Known before the state that shows the instance is: whoever sees the instance can wait for its log.
        self.sink.send_modify(|observed| observed.logs.push(instance.empty_log()));
        let (pods, sink, stop) = (self.pods.clone(), self.sink.clone(), self.stop.clone());
        tokio::spawn(async move {
            let _ = stop.run_until_cancelled(follow_log(pods, sink, instance, previous)).await;
        });
    }
}

fn has_started(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some() || state.terminated.is_some())
}

async fn follow_log(pods: Api<Pod>, sink: Sink, instance: Instance, previous: bool) {
    let end = stream_log(&pods, &sink, &instance, previous).await;
    change_log(&sink, &instance, |log| match end {
        Ok(()) => log.complete = true,
        Err(error) => log.broken = Some(error.to_string()),
    });
    drop_mistaken(&sink, &instance);
}

async fn stream_log(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &Instance,
    previous: bool,
) -> Result<(), LogError> {
    let wanted = LogParams {
        container: Some(instance.container.clone()),
        follow: !previous,
        previous,
        timestamps: true,
        ..LogParams::default()
    };
    let mut tries = 1;
    let stream = loop {
        match pods.log_stream(&instance.pod, &wanted).await {
            Ok(stream) => break stream,
            // The kubelet can be a moment behind what it reported.
            Err(kube::Error::Api(status)) if status.code == 400 && tries < LOG_TRIES => {
                tries += 1;
                tokio::time::sleep(LOG_PAUSE).await;
            }
            Err(error) => return Err(LogError::Open(error)),
        }
    };
    let mut stream = pin!(stream);
    let mut pending = Vec::new();
    let mut kept = 0;
    loop {
        let chunk = stream.fill_buf().await.map_err(LogError::Read)?;
        let (size, ended) = (chunk.len(), chunk.is_empty());
        pending.extend_from_slice(chunk);
        stream.consume_unpin(size);
        kept += size;
        if kept > LOG_LIMIT {
            // The rest is not read, so that a flood costs neither memory nor time.
            change_log(sink, instance, |log| log.cut = true);
            return Ok(());
        }
        let lines = take_lines(&mut pending, ended);
        if !lines.is_empty() {
            change_log(sink, instance, |log| log.lines.extend(lines));
        }
        if ended {
            return Ok(());
        }
    }
}

/// Takes the whole lines from `pending`, and at the end what is left. A log may hold any bytes.
fn take_lines(pending: &mut Vec<u8>, ended: bool) -> Vec<LogLine> {
    let whole = pending.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let taken: Vec<u8> = if ended { std::mem::take(pending) } else { pending.drain(..whole).collect() };
    let text = String::from_utf8_lossy(&taken);
    text.split_terminator('\n').map(LogLine::parse).collect()
}

/// A log that was asked for one instance may have come from the next, when that began meanwhile. The runtime's
/// stamps tell: no two lines of one container carry the same nanosecond, so equal first lines are one log.
fn drop_mistaken(sink: &Sink, instance: &Instance) {
    let first = |log: &LogText| log.lines.first().cloned();
    sink.send_modify(|observed| {
        let Some(mine) = observed.log(&instance.uid, &instance.container, instance.restart).and_then(first)
        else {
            return;
        };
        let next = observed.log(&instance.uid, &instance.container, instance.restart + 1).and_then(first);
        let before = observed.log(&instance.uid, &instance.container, instance.restart - 1).and_then(first);
        let mistaken = if next.as_ref() == Some(&mine) {
            instance.restart
        } else if before.as_ref() == Some(&mine) {
            instance.restart - 1
        } else {
            return;
        };
        for log in &mut observed.logs {
            if log.uid == instance.uid && log.container == instance.container && log.restart == mistaken {
                log.lines.clear();
                log.broken = Some("the next instance had begun before its log could be read".to_owned());
            }
        }
    });
}

fn change_log(sink: &Sink, instance: &Instance, change: impl FnOnce(&mut LogText)) {
    sink.send_modify(|observed| {
        let log = observed.logs.iter_mut().find(|log| {
            log.uid == instance.uid && log.container == instance.container && log.restart == instance.restart
        });
        if let Some(log) = log {
            change(log);
        }
    });
}

#[derive(Debug, thiserror::Error)]
enum LogError {
    #[error("the API server does not give it: {0}")]
    Open(kube::Error),
    #[error("its stream broke: {0}")]
    Read(std::io::Error),
}
