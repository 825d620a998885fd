//! The article's exchange: a producer and a consumer on one message queue.
//!
//! Shared by the cases about the exchange and by the experiment. The containers are called `producer` and
//! `consumer`, as in the article.

use crate::stage::{PodRef, Progress, Stage, StageError, StuckPod, stuck};
use podproof_core::evidence::{Evidence, Fact, LogText, Missing, Observations, SeenPod, WatchChange};
use podproof_core::judge::Inquiry;

pub(crate) const PRODUCER: &str = "producer";
pub(crate) const CONSUMER: &str = "consumer";

/// The message that makes the consumer exit.
pub(crate) const EXIT_MESSAGE: &str = "done";

/// The start of the only line that a consumer logs if it finds no queue.
const TOO_EARLY: &str = "Either the producer has not been started";

/// The number of messages that a producer logs if none is received: the queue holds ten, and the eleventh is logged
/// before `mq_send` blocks.
pub(super) const STUCK_AT: usize = 11;

/// The start of the last line of a consumer that failed to receive.
const RECEIVE_ERROR: &str = "probe: cannot receive";

/// The number of messages at the end of both logs that must agree to show that the producer's log is complete.
const MATCHING_TAIL: usize = 8;

/// Waits until the pod has ended, or until its consumer has failed and the producer has ended or blocks.
pub(super) async fn until_exchange_settled(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    let what = format!("the end of the exchange in pod {}", pod.name);
    let settled = |seen: &SeenPod| (seen.is_terminal() || failed(seen, CONSUMER)).then(|| seen.is_terminal());
    if stage.until_pod(&what, stage.budgets().pod_done(), pod, settled).await? {
        return Ok(());
    }
    let what = format!("the producer of pod {} to end, or to block because its consumer failed", pod.name);
    stage.until(&what, stage.budgets().pod_done(), |seen| producer_ended_or_blocked(seen, pod)).await
}

fn producer_ended_or_blocked(seen: &Observations, pod: &PodRef) -> Progress<()> {
    let Some(state) = seen.pod(&pod.uid) else { return Progress::NotYet };
    if state.is_terminal() || state.termination_of(PRODUCER, 0).is_some() {
        return Progress::Met(());
    }
    if let Some(StuckPod(why)) = stuck(state) {
        return Progress::Hopeless(why);
    }
    if state.change == WatchChange::Deleted {
        return Progress::Hopeless(format!("pod {} was deleted", pod.name));
    }
    let (from, to) = (seen.log(&pod.uid, PRODUCER, 0), seen.log(&pod.uid, CONSUMER, 0));
    let is_blocked = from.zip(to).is_some_and(|(from, to)| {
        let whole = to.complete || to.why_incomplete().is_some();
        whole && produced_count(from) >= received(to).len() + STUCK_AT
    });
    if is_blocked { Progress::Met(()) } else { Progress::NotYet }
}

/// Returns whether the first instance of a container ended with an exit code other than 0.
fn failed(seen: &SeenPod, container: &str) -> bool {
    seen.termination_of(container, 0).is_some_and(|ended| ended.exit_code != 0)
}

/// The complete logs of both programs of an exchange.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    /// The messages that the producer logged.
    pub(crate) sent: Vec<&'a str>,
    /// The messages that the consumer logged, including the exit message.
    pub(crate) received: Vec<&'a str>,
    /// The pointer to the producer's log in the evidence.
    pub(crate) sent_at: String,
    /// The pointer to the consumer's log in the evidence.
    pub(crate) received_at: String,
}

impl<'a> Exchange<'a> {
    /// Reads the logs of the producer and of the consumer's first instance. Requires that both logs have ended, and
    /// that the consumer's last line is not missing.
    pub(crate) fn read(seen: &'a Evidence, uid: &str) -> Result<Self, Missing> {
        Self::read_from(seen, uid, 0)
    }

    /// Like [`Exchange::read`], with the log of the consumer's `restart`th instance (0 is the first).
    pub(crate) fn read_from(seen: &'a Evidence, uid: &str, restart: i32) -> Result<Self, Missing> {
        let (from, to) = (seen.ended_log(uid, PRODUCER, 0)?, consumer_log(seen, uid, restart)?);
        let (sent, received) = (messages(from.value, "Produced"), received(to.value));
        premise_log_start(&sent, &received)?;
        Ok(Self { sent, received, sent_at: from.pointer, received_at: to.pointer })
    }

    /// Requires that no line of the producer's log is missing.
    ///
    /// The producer logs no final line. Its log is complete if it has `count` messages, or if its last messages are the
    /// last that the consumer got and its start is not missing. A log rotated on the node loses its start.
    pub(crate) fn premise_complete_log(&self, count: usize) -> Result<(), Missing> {
        let got = self.received.strip_suffix(&[EXIT_MESSAGE]).unwrap_or(&self.received);
        let last =
            |messages: &[&'a str]| messages.iter().rev().take(MATCHING_TAIL).copied().collect::<Vec<_>>();
        let has_end = last(&self.sent) == last(got);
        let lost_start = self.sent.len() < got.len() && got.ends_with(&self.sent);
        let is_complete = self.sent.len() >= count || (has_end && !lost_start);
        Inquiry::premise("the complete log of the producer", is_complete)
    }
}

/// Requires that the start of the consumer's log is not missing. If the log was rotated on its node, it holds only the
/// last of the `expected` messages, and nothing shows that the earlier messages were lost.
pub(super) fn premise_log_start(expected: &[&str], got: &[&str]) -> Result<(), Missing> {
    // Some messages end with the time at which they were logged.
    let text = |message: &str| message.split(" at ").next().unwrap_or_default().to_owned();
    let texts = |messages: &[&str]| messages.iter().map(|message| text(message)).collect::<Vec<_>>();
    let (mut expected, mut got) = (texts(expected), texts(got));
    for messages in [&mut expected, &mut got] {
        messages.pop_if(|last| last == EXIT_MESSAGE);
    }
    let lost_start = got.len() < expected.len() && expected.ends_with(&got);
    Inquiry::premise(&format!("the beginning of the log of container {CONSUMER}"), !lost_start)
}

/// Returns the log of the consumer's `restart`th instance (0 is the first). Requires the line that the consumer writes
/// last, which is the exit message or an error: a log without it may have been cut off.
pub(crate) fn consumer_log<'e>(
    seen: &'e Evidence,
    uid: &str,
    restart: i32,
) -> Result<Fact<&'e LogText>, Missing> {
    let log = seen.ended_log(uid, CONSUMER, restart)?;
    let is_last = |line: &str| line.starts_with(TOO_EARLY) || line.starts_with(RECEIVE_ERROR);
    let has_exit = received(log.value).iter().any(|message| message.starts_with(EXIT_MESSAGE));
    let has_last_line = has_exit || log.value.texts().any(is_last);
    Inquiry::premise(&format!("the last line of container {CONSUMER} in its log"), has_last_line)?;
    Ok(log)
}

/// Returns the messages in a log: the rest of each line that begins with `word`.
fn messages<'a>(log: &'a LogText, word: &str) -> Vec<&'a str> {
    log.texts().filter_map(|line| line.strip_prefix(word)?.strip_prefix(": ")).collect()
}

/// Returns the number of messages that the producer has logged so far.
pub(super) fn produced_count(log: &LogText) -> usize {
    messages(log, "Produced").len()
}

/// Returns the messages that the consumer has logged, including the exit message.
pub(super) fn received(log: &LogText) -> Vec<&str> {
    messages(log, "Consumed")
}

/// Returns whether the consumer has logged the exit message.
pub(crate) fn has_exit_message(log: &LogText) -> bool {
    received(log).last() == Some(&EXIT_MESSAGE)
}

/// Returns whether the consumer exited because the producer had not created the queue yet.
pub(crate) fn gave_up(log: &LogText) -> bool {
    log.texts().any(|line| line.starts_with(TOO_EARLY))
}

/// Requires that the node neither failed the pod nor OOM killed one of its containers.
pub(super) fn premise_not_ended_by_node(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let last = seen.pod(uid)?;
    // The kubelet sets `DeadlineExceeded`, `Evicted` and similar reasons when it ends a pod.
    let reason = last.reason();
    Inquiry::premise(
        &format!("a pod without a status reason ({})", reason.unwrap_or_default()),
        reason.is_none(),
    )?;
    let oom_killed = last.containers().any(|status| {
        let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        ended.is_some_and(|ended| ended.reason.as_deref() == Some("OOMKilled"))
    });
    Inquiry::premise("containers that were not OOM killed", !oom_killed)
}

/// Asserts that a container ended with exit code 0.
pub(super) fn assert_exit_zero(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    (uid, container): (&str, &str),
) -> Result<(), Missing> {
    let end = seen.ending(uid, container, 0)?;
    inquiry.assert_equal(assertion, &0, &end.value.exit_code, end.pointer);
    Ok(())
}

/// Asserts that the pod ended and that its phase is `Succeeded`. A pod in which a container failed and is never
/// restarted contradicts the assertion even before it ends.
pub(super) fn assert_succeeded(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    uid: &str,
) -> Result<(), Missing> {
    let last = seen.pod(uid)?;
    let pointer = format!("timeline/{}", last.name());
    if last.is_terminal() {
        inquiry.assert_equal(assertion, &"Succeeded", &last.phase(), pointer);
        return Ok(());
    }
    let failed = failed_for_good(last);
    Inquiry::premise(&format!("the end of pod {}", last.name()), failed.is_some())?;
    let state = format!("{}, and container {} has failed", last.phase(), failed.unwrap_or_default());
    inquiry.assert(assertion, false, "Succeeded", state, pointer);
    Ok(())
}

/// Returns a failed container, if the pod restarts none of its containers and is not being deleted.
fn failed_for_good(seen: &SeenPod) -> Option<&str> {
    let spec = seen.pod.spec.as_ref()?;
    if seen.change == WatchChange::Deleted || seen.pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let policies = spec.containers.iter().filter_map(|container| container.restart_policy.as_deref());
    let never = policies.chain(spec.restart_policy.as_deref()).all(|policy| policy == "Never");
    if spec.restart_policy.is_none() || !never {
        return None;
    }
    spec.containers.iter().map(|container| container.name.as_str()).find(|name| failed(seen, name))
}
