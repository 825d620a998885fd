//! The log of one container instance, from its first line to its end.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use tokio::time::{sleep, timeout};

use super::follow::Instance;
use super::logs::{LogLine, LogText, is_of_kubelet};
use super::recorder::Sink;
use super::refusal::{Refusals, refusal};
use super::seen::{Change, Observed};
use crate::refusal::{in_words, with_causes};

/// How much of one log is kept.
const LIMIT: usize = 8 << 20;

/// How often a log that the kubelet does not give yet is asked for, and with which pause.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// How often a log whose stream broke is read again, and with which pause: a node may take minutes to come back.
const RESUMPTIONS: u32 = 120;
const FEW_RESUMPTIONS: u32 = 5;
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// How often the log of a container that has ended is read again, where it is another each time.
const READINGS: u32 = 3;

/// How long the API may take to tell of the end of a container whose log has ended, before the log is read again.
const SETTLE: Duration = Duration::from_secs(10);

/// Keeps the log of an instance until it is whole, or cannot be had.
pub(super) async fn follow_log(pods: Api<Pod>, sink: Sink, instance: Instance, previous: bool) {
    let end = read_to_the_end(&pods, &sink, &instance, previous).await;
    change_log(&sink, &instance, |log| match end {
        Ok(confirmed) => {
            log.complete = true;
            log.confirmed = confirmed;
        }
        Err(error) => log.broken = Some(error.to_string()),
    });
    drop_mistaken(&sink, &instance);
}

/// A stream also ends when the kubelet or the API server goes away: a log is whole only when its container has ended.
/// Gives whether the log was the same when it was read once more then.
async fn read_to_the_end(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &Instance,
    previous: bool,
) -> Result<Option<bool>, LogError> {
    let (mut resumptions, mut rest, mut confirmed) = (0, None, None);
    let mut refusals = Refusals::default();
    loop {
        let previous = previous || has_successor(&sink.borrow(), instance);
        match stream_log(pods, sink, instance, Reading { previous, follow: !previous }).await {
            Ok(End::Limit) => return Ok(None),
            Ok(End::Stream { rest: last, .. }) => {
                rest = Some(last);
                if previous || has_ended(sink, instance).await {
                    confirmed = read_again(pods, sink, instance, previous, &mut rest).await;
                    break;
                }
            }
            // The pod has gone since the stream ended.
            Err(LogError::Open(kube::Error::Api(status)))
                if status.code == 404 && rest.is_some() && has_ended(sink, instance).await =>
            {
                break;
            }
            Err(error) if resumptions < RESUMPTIONS && may_pass(&error, &mut refusals, sink, instance) => {
                resumptions += 1;
                sleep(LONG_PAUSE).await;
            }
            Err(error) if resumptions >= error.resumptions() => return Err(error),
            Err(_) => {
                resumptions += 1;
                sleep(LONG_PAUSE).await;
            }
        }
    }
    // Half a line at the very end is the program's last.
    let last = take_lines(&mut rest.unwrap_or_default(), true);
    change_log(sink, instance, |log| log.lines.extend(last));
    Ok(confirmed)
}

/// The stream may have ended before the container did, or in the middle of what it wrote: the log is read again until a
/// reading brings what the one before did. Where it cannot be had any more, what was read is all there is.
async fn read_again(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &Instance,
    previous: bool,
    rest: &mut Option<Vec<u8>>,
) -> Option<bool> {
    let mut confirmed = None;
    for _ in 0..READINGS {
        let known = known_lines(sink, instance).len();
        // Without a line this log cannot be known from that of another instance.
        if known == 0 {
            return None;
        }
        let previous = previous || has_successor(&sink.borrow(), instance);
        match stream_log(pods, sink, instance, Reading { previous, follow: false }).await {
            Ok(End::Stream { rest: last, unread: 0 }) => {
                let is_same = known_lines(sink, instance).len() == known && rest.as_ref() == Some(&last);
                *rest = Some(last);
                if is_same {
                    return Some(true);
                }
                confirmed = Some(false);
            }
            Ok(End::Stream { .. }) | Err(LogError::Another) => confirmed = Some(false),
            Ok(End::Limit) => return None,
            Err(error) if error.resumptions() < RESUMPTIONS => return confirmed,
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
    confirmed
}

/// Whether the API server refuses a log that it gave before, or another of this case, and of a pod that is there.
fn may_pass(error: &LogError, refusals: &mut Refusals, sink: &Sink, instance: &Instance) -> bool {
    let observed = sink.borrow();
    let is_there = observed.pod(&instance.uid).is_some_and(|seen| seen.change == Change::Applied);
    if !refusals.have_worked() && observed.logs.iter().any(|log| !log.lines.is_empty()) {
        refusals.over();
    }
    matches!(error, LogError::Open(source) if refusal(source).is_some()) && is_there && !refusals.are_final()
}

/// Whether a later instance of the container is known.
fn has_successor(observed: &Observed, instance: &Instance) -> bool {
    let status = observed.pod(&instance.uid).and_then(|seen| seen.container(&instance.container));
    status.is_some_and(|status| status.restart_count > instance.restart)
}

/// Whether a state comes that shows the end of the instance.
async fn has_ended(sink: &Sink, instance: &Instance) -> bool {
    let ended = |observed: &Observed| {
        let seen = observed.pod(&instance.uid);
        let status = seen.and_then(|seen| seen.container(&instance.container));
        has_successor(observed, instance)
            || seen.is_none_or(|seen| seen.change == Change::Deleted)
            || status.is_none_or(|status| status.state.as_ref().is_none_or(|state| state.running.is_none()))
    };
    let mut observed = sink.subscribe();
    timeout(SETTLE, observed.wait_for(ended)).await.is_ok()
}

/// How reading ended that did not fail.
enum End {
    /// The stream ended.
    Stream {
        /// What is behind its last line end.
        rest: Vec<u8>,
        /// How many lines of an earlier reading it did not have.
        unread: usize,
    },
    /// All that is kept of a log is there.
    Limit,
}

/// How a log is asked for.
#[derive(Clone, Copy)]
struct Reading {
    previous: bool,
    follow: bool,
}

async fn stream_log(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &Instance,
    Reading { previous, follow }: Reading,
) -> Result<End, LogError> {
    let wanted = LogParams {
        container: Some(instance.container.clone()),
        follow,
        previous,
        timestamps: true,
        ..LogParams::default()
    };
    let mut tries = 1;
    let stream = loop {
        match pods.log_stream(&instance.pod, &wanted).await {
            Ok(stream) => break stream,
            // The kubelet can be a moment behind what it reported.
            Err(kube::Error::Api(status)) if status.code == 400 && tries < TRIES => {
                tries += 1;
                sleep(PAUSE).await;
            }
            Err(error) => return Err(LogError::Open(error)),
        }
    };
    let mut known = known_lines(sink, instance);
    let mut stream = pin!(stream);
    let mut pending = Vec::new();
    let mut kept = 0;
    loop {
        let chunk = stream.fill_buf().await.map_err(LogError::Read)?;
        let (size, ended) = (chunk.len(), chunk.is_empty());
        pending.extend_from_slice(chunk);
        stream.consume_unpin(size);
        kept += size;
        if kept > LIMIT {
            // The rest is not read, so that a flood costs neither memory nor time.
            change_log(sink, instance, |log| log.cut = true);
            return Ok(End::Limit);
        }
        let lines = take_lines(&mut pending, false);
        if let Some(line) = lines.iter().find(|line| is_of_kubelet(&line.text)) {
            return Err(LogError::NotKept(line.text.clone()));
        }
        let new = unknown(lines, &mut known)?;
        if !new.is_empty() {
            change_log(sink, instance, |log| log.lines.extend(new));
        }
        if ended {
            let rest = String::from_utf8_lossy(&pending);
            if is_of_kubelet(&rest) {
                return Err(LogError::NotKept(rest.into_owned()));
            }
            return Ok(End::Stream { rest: pending, unread: known.len() });
        }
    }
}

/// The lines that are there already, from a stream before this one.
fn known_lines(sink: &Sink, instance: &Instance) -> VecDeque<LogLine> {
    let observed = sink.borrow();
    let log = observed.log(&instance.uid, &instance.container, instance.restart);
    log.map(|log| log.lines.iter().cloned().collect()).unwrap_or_default()
}

/// The lines that are new. A log that is read again begins as it did before, or it is that of another instance.
fn unknown(lines: Vec<LogLine>, known: &mut VecDeque<LogLine>) -> Result<Vec<LogLine>, LogError> {
    let mut new = Vec::new();
    for line in lines {
        match known.pop_front() {
            Some(same) if same == line => {}
            Some(_) => return Err(LogError::Another),
            None => new.push(line),
        }
    }
    Ok(new)
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
    #[error("the API server does not give it: {}", in_words(.0))]
    Open(kube::Error),
    #[error("its stream broke: {}", with_causes(.0))]
    Read(std::io::Error),
    #[error("read again, it was the log of another instance")]
    Another,
    #[error("its kubelet does not have it: {0}")]
    NotKept(String),
}

impl LogError {
    /// How often reading may be resumed after this: not where the API server answers and says no, or gives something
    /// else, and not for long where the kubelet says that there is nothing.
    fn resumptions(&self) -> u32 {
        match self {
            Self::Open(kube::Error::Api(status)) if status.code < 500 => 0,
            Self::Another => 0,
            Self::NotKept(_) => FEW_RESUMPTIONS,
            Self::Open(_) | Self::Read(_) => RESUMPTIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_waits_for_the_rest() {
        let mut pending = b"2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:00.2Z tw".to_vec();
        assert_eq!(take_lines(&mut pending, false).len(), 1);
        pending.extend_from_slice(b"o\n");
        let lines = take_lines(&mut pending, false);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn a_log_that_is_read_again_gives_only_what_is_new() {
        let lines = || {
            let mut text = b"2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:00.2Z two\n".to_vec();
            take_lines(&mut text, true)
        };
        let mut known: VecDeque<_> = lines().into_iter().take(1).collect();
        let new = unknown(lines(), &mut known).expect("the same log");
        assert_eq!(new.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["two"]);
        let mut of_another: VecDeque<_> = lines().into_iter().skip(1).collect();
        assert!(unknown(lines(), &mut of_another).is_err());
    }
}
