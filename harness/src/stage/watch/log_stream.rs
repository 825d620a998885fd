//! Following the log of one container instance from its first line to its end.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use tokio::time::{sleep, timeout};

use super::refusals::{Refusals, refusal};
use super::sink::{LoggedInstance, Sink};
use crate::client_error::{in_words, with_causes};
use podproof_core::evidence::{LogLine, LogText, Observations, WatchChange, is_kubelet_message};
use podproof_core::plan::{Budgets, pause};

/// The number of bytes that are kept of one log.
const LIMIT: usize = 8 << 20;

/// How often a stream is resumed whose kubelet reports that it has no log.
const FEW_RESUMPTIONS: u32 = 5;

/// How often the log of an ended container is read again while it differs each time.
const REREADS: u32 = 3;

/// Follows the log of an instance until it is complete or unavailable.
pub(super) async fn follow_log(
    pods: Api<Pod>,
    sink: Sink,
    instance: LoggedInstance,
    previous: bool,
    budgets: Budgets,
) {
    let end = read_to_end(&pods, &sink, &instance, previous, budgets).await;
    change_log(&sink, &instance, |log| match end {
        Ok(confirmed) => {
            log.complete = true;
            log.confirmed = confirmed;
        }
        Err(error) => log.broken = Some(error.to_string()),
    });
    drop_mislabeled(&sink, &instance);
}

/// Reads a log until its container has ended. The end of a stream alone does not suffice, because it may come from a
/// restarted kubelet or API server. Returns whether a second read afterwards returned the same log.
async fn read_to_end(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &LoggedInstance,
    previous: bool,
    budgets: Budgets,
) -> Result<Option<bool>, LogError> {
    let (mut resumptions, mut rest, mut confirmed) = (0, None, None);
    let (most, mut refusals) = (most_resumptions(budgets), Refusals::within(budgets));
    loop {
        let previous = previous || has_successor(&sink.borrow(), instance);
        match stream_log(pods, sink, instance, Reading { previous, follow: !previous }, budgets).await {
            Ok(End::Limit) => return Ok(None),
            Ok(End::Stream { rest: last, .. }) => {
                rest = Some(last);
                if previous || has_ended(sink, instance, budgets).await {
                    confirmed = read_again(pods, sink, instance, (previous, &mut rest), budgets).await;
                    break;
                }
            }
            // The pod was deleted after the stream ended.
            Err(LogError::Open(kube::Error::Api(status)))
                if status.code == 404 && rest.is_some() && has_ended(sink, instance, budgets).await =>
            {
                break;
            }
            Err(error)
                if resumptions < most && is_temporary_refusal(&error, &mut refusals, sink, instance) =>
            {
                resumptions += 1;
                sleep(pause::LOG_RESUMPTION).await;
            }
            Err(error) if resumptions >= error.resumptions(most) => return Err(error),
            Err(_) => {
                resumptions += 1;
                sleep(pause::LOG_RESUMPTION).await;
            }
        }
    }
    // An unfinished line at the end is the last output of the program.
    let last = take_lines(&mut rest.unwrap_or_default(), true);
    change_log(sink, instance, |log| log.lines.extend(last));
    Ok(confirmed)
}

/// Reads the log of an ended container until two reads in a row agree, because the stream may have ended too early.
/// Stops if the log is no longer available.
async fn read_again(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &LoggedInstance,
    (previous, rest): (bool, &mut Option<Vec<u8>>),
    budgets: Budgets,
) -> Option<bool> {
    let (most, mut confirmed) = (most_resumptions(budgets), None);
    for _ in 0..REREADS {
        let known = known_lines(sink, instance).len();
        // Without any line, this log cannot be distinguished from that of another instance.
        if known == 0 {
            return None;
        }
        let previous = previous || has_successor(&sink.borrow(), instance);
        match stream_log(pods, sink, instance, Reading { previous, follow: false }, budgets).await {
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
            Err(error) if error.resumptions(most) < most => return confirmed,
            Err(_) => {}
        }
        sleep(pause::LOG).await;
    }
    confirmed
}

/// Returns whether a refusal is probably temporary: the API server has served this log or another one of this case, and
/// the pod still exists.
fn is_temporary_refusal(
    error: &LogError,
    refusals: &mut Refusals,
    sink: &Sink,
    instance: &LoggedInstance,
) -> bool {
    let observed = sink.borrow();
    let is_there = observed.pod(&instance.uid).is_some_and(|seen| seen.change == WatchChange::Applied);
    if !refusals.have_succeeded() && observed.logs.iter().any(|log| !log.lines.is_empty()) {
        refusals.succeeded();
    }
    matches!(error, LogError::Open(source) if refusal(source).is_some()) && is_there && !refusals.are_final()
}

/// Returns whether a later instance of the container is known.
fn has_successor(observed: &Observations, instance: &LoggedInstance) -> bool {
    let status = observed.pod(&instance.uid).and_then(|seen| seen.container(&instance.container));
    status.is_some_and(|status| status.restart_count > instance.restart)
}

/// Waits for a state that shows the end of the instance. False if none comes in time.
async fn has_ended(sink: &Sink, instance: &LoggedInstance, budgets: Budgets) -> bool {
    let ended = |observed: &Observations| {
        let seen = observed.pod(&instance.uid);
        let status = seen.and_then(|seen| seen.container(&instance.container));
        has_successor(observed, instance)
            || seen.is_none_or(|seen| seen.change == WatchChange::Deleted)
            || status.is_none_or(|status| status.state.as_ref().is_none_or(|state| state.running.is_none()))
    };
    let mut observed = sink.subscribe();
    timeout(budgets.end_reported(), observed.wait_for(ended)).await.is_ok()
}

/// How often a broken stream is resumed at most. Its node may take as long as a reboot to come back.
fn most_resumptions(budgets: Budgets) -> u32 {
    attempts(budgets.reboot(), pause::LOG_RESUMPTION)
}

/// The number of attempts within `budget` with `pause` between them.
fn attempts(budget: Duration, pause: Duration) -> u32 {
    u32::try_from(budget.as_millis() / pause.as_millis()).unwrap_or(u32::MAX)
}

/// How reading ended without an error.
enum End {
    /// The stream ended.
    Stream {
        /// The bytes after the last line end.
        rest: Vec<u8>,
        /// The number of known lines that this stream did not contain.
        unread: usize,
    },
    /// The size limit was reached.
    Limit,
}

/// The options of a log request.
#[derive(Clone, Copy)]
struct Reading {
    previous: bool,
    follow: bool,
}

async fn stream_log(
    pods: &Api<Pod>,
    sink: &Sink,
    instance: &LoggedInstance,
    Reading { previous, follow }: Reading,
    budgets: Budgets,
) -> Result<End, LogError> {
    let wanted = LogParams {
        container: Some(instance.container.clone()),
        follow,
        previous,
        timestamps: true,
        ..LogParams::default()
    };
    let (mut tries, most) = (1, attempts(budgets.log_start(), pause::LOG));
    let stream = loop {
        match pods.log_stream(&instance.pod, &wanted).await {
            Ok(stream) => break stream,
            // The kubelet can lag a moment behind the status that it reported.
            Err(kube::Error::Api(status)) if status.code == 400 && tries < most => {
                tries += 1;
                sleep(pause::LOG).await;
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
            // The rest is not read, so that a huge log costs neither memory nor time.
            change_log(sink, instance, |log| log.cut = true);
            return Ok(End::Limit);
        }
        let lines = take_lines(&mut pending, false);
        if let Some(line) = lines.iter().find(|line| is_kubelet_message(&line.text)) {
            return Err(LogError::NotKept(line.text.clone()));
        }
        let new = new_lines(lines, &mut known)?;
        if !new.is_empty() {
            change_log(sink, instance, |log| log.lines.extend(new));
        }
        if ended {
            let rest = String::from_utf8_lossy(&pending);
            if is_kubelet_message(&rest) {
                return Err(LogError::NotKept(rest.into_owned()));
            }
            return Ok(End::Stream { rest: pending, unread: known.len() });
        }
    }
}

/// The lines that an earlier stream already returned.
fn known_lines(sink: &Sink, instance: &LoggedInstance) -> VecDeque<LogLine> {
    let observed = sink.borrow();
    let log = observed.log(&instance.uid, &instance.container, instance.restart);
    log.map(|log| log.lines.iter().cloned().collect()).unwrap_or_default()
}

/// Returns the lines that are new. Fails if the known lines differ: the log then belongs to another instance.
fn new_lines(lines: Vec<LogLine>, known: &mut VecDeque<LogLine>) -> Result<Vec<LogLine>, LogError> {
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

/// Removes the complete lines from `pending`; if the log has `ended`, also the rest. A log may contain any bytes.
fn take_lines(pending: &mut Vec<u8>, ended: bool) -> Vec<LogLine> {
    let whole = pending.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let taken: Vec<u8> = if ended { std::mem::take(pending) } else { pending.drain(..whole).collect() };
    let text = String::from_utf8_lossy(&taken);
    text.split_terminator('\n').map(LogLine::parse).collect()
}

/// Drops lines that belong to the next instance, which may have started before the log was opened. The runtime's
/// timestamps are unique within a container, so logs with equal first lines are the same log.
fn drop_mislabeled(sink: &Sink, instance: &LoggedInstance) {
    let first = |log: &LogText| log.lines.first().cloned();
    sink.send_modify(|observed| {
        let Some(own) = observed.log(&instance.uid, &instance.container, instance.restart).and_then(first)
        else {
            return;
        };
        let next = observed.log(&instance.uid, &instance.container, instance.restart + 1).and_then(first);
        let before = observed.log(&instance.uid, &instance.container, instance.restart - 1).and_then(first);
        let mislabeled = if next.as_ref() == Some(&own) {
            instance.restart
        } else if before.as_ref() == Some(&own) {
            instance.restart - 1
        } else {
            return;
        };
        for log in &mut observed.logs {
            if log.is_of(&instance.uid, &instance.container, mislabeled) {
                log.lines.clear();
                log.broken = Some("the next instance started before this log could be read".to_owned());
            }
        }
    });
}

fn change_log(sink: &Sink, instance: &LoggedInstance, change: impl FnOnce(&mut LogText)) {
    sink.send_modify(|observed| {
        let is_it = |log: &&mut LogText| log.is_of(&instance.uid, &instance.container, instance.restart);
        if let Some(log) = observed.logs.iter_mut().find(is_it) {
            change(log);
        }
    });
}

#[derive(Debug, thiserror::Error)]
enum LogError {
    #[error("the API server did not return it: {}", in_words(.0))]
    Open(kube::Error),
    #[error("its stream broke: {}", with_causes(.0))]
    Read(std::io::Error),
    #[error("a second read returned the log of another instance")]
    Another,
    #[error("its kubelet does not have it: {0}")]
    NotKept(String),
}

impl LogError {
    /// How often reading may be resumed after this error, at most `most` times: never after a refusal or another
    /// instance's log, and only a few times if the kubelet reports that it has no log.
    fn resumptions(&self, most: u32) -> u32 {
        match self {
            Self::Open(kube::Error::Api(status)) if status.code < 500 => 0,
            Self::Another => 0,
            Self::NotKept(_) => FEW_RESUMPTIONS,
            Self::Open(_) | Self::Read(_) => most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_stream_is_resumed_for_as_long_as_a_reboot_may_take() {
        let numbers = |stretch| {
            let budgets = Budgets::stretched(stretch);
            (most_resumptions(budgets), attempts(budgets.log_start(), pause::LOG))
        };
        assert_eq!((numbers(1.0), numbers(3.0)), ((120, 20), (360, 60)));
    }

    #[test]
    fn an_unfinished_line_waits_for_its_rest() {
        let mut pending = b"2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:00.2Z tw".to_vec();
        assert_eq!(take_lines(&mut pending, false).len(), 1);
        pending.extend_from_slice(b"o\n");
        let lines = take_lines(&mut pending, false);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn a_second_read_returns_only_new_lines() {
        let lines = || {
            let mut text = b"2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:00.2Z two\n".to_vec();
            take_lines(&mut text, true)
        };
        let mut known: VecDeque<_> = lines().into_iter().take(1).collect();
        let new = new_lines(lines(), &mut known).expect("the same log");
        assert_eq!(new.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["two"]);
        let mut of_another: VecDeque<_> = lines().into_iter().skip(1).collect();
        assert!(new_lines(lines(), &mut of_another).is_err());
    }
}
