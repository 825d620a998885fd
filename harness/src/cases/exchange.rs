//! The article's exchange: a producer and a consumer on one message queue.
//!
//! Shared by the cases about it and the experiment. The containers are called `producer` and `consumer`, as in the article.

use crate::evidence::{Change, Evidence, Fact, LogText, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Progress, Stage, StuckPod, stuck};

pub(crate) const PRODUCER: &str = "producer";
pub(crate) const CONSUMER: &str = "consumer";

/// The message after which the consumer ends.
pub(crate) const EXIT_MESSAGE: &str = "done";

/// How the only line of a consumer begins that finds no queue.
const TOO_EARLY: &str = "Either the producer has not been started";

/// How many messages a producer logs that nobody receives: ten fit into the queue, and the eleventh is logged before it
/// is sent.
pub(super) const STUCK_AT: usize = 11;

/// How the last line of a consumer begins that could not go on.
const COMPLAINT: &str = "probe: cannot receive";

/// How many messages at the end of both logs must agree for the producer's to be known as whole.
const SURE: usize = 8;

/// Waits until the pod has ended; or its consumer has failed, and the producer has ended or waits for ever.
pub(super) async fn until_over(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    let what = format!("the end of the exchange in pod {}", pod.name);
    let settled = |seen: &SeenPod| (seen.is_terminal() || failed(seen, CONSUMER)).then(|| seen.is_terminal());
    if stage.until_pod(&what, stage.budgets().pod_done(), pod, settled).await? {
        return Ok(());
    }
    let what = format!("the producer of pod {} to end, or to wait for a consumer that failed", pod.name);
    stage.until(&what, stage.budgets().pod_done(), |seen| producer_is_through(seen, pod)).await
}

fn producer_is_through(seen: &Observed, pod: &PodRef) -> Progress<()> {
    let Some(state) = seen.pod(&pod.uid) else { return Progress::NotYet };
    if state.is_terminal() || state.end_of(PRODUCER, 0).is_some() {
        return Progress::Met(());
    }
    if let Some(StuckPod(why)) = stuck(state) {
        return Progress::Hopeless(why);
    }
    if state.change == Change::Deleted {
        return Progress::Hopeless(format!("pod {} was deleted", pod.name));
    }
    let (from, to) = (seen.log(&pod.uid, PRODUCER, 0), seen.log(&pod.uid, CONSUMER, 0));
    let waits = from.zip(to).is_some_and(|(from, to)| {
        let whole = to.complete || to.lack().is_some();
        whole && sent_so_far(from) >= received(to).len() + STUCK_AT
    });
    if waits { Progress::Met(()) } else { Progress::NotYet }
}

/// Whether the first instance of a container has failed.
fn failed(seen: &SeenPod, container: &str) -> bool {
    seen.end_of(container, 0).is_some_and(|ended| ended.exit_code != 0)
}

/// What both programs of an exchange logged, from the first line to the last.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    /// The messages that the producer told.
    pub(crate) sent: Vec<&'a str>,
    /// The messages that the consumer told, the exit message included.
    pub(crate) received: Vec<&'a str>,
    /// Where the producer's log stands.
    pub(crate) sent_at: String,
    /// Where the consumer's log stands.
    pub(crate) received_at: String,
}

impl<'a> Exchange<'a> {
    /// Reads both logs, which must have ended, and that of the consumer with its last line.
    pub(crate) fn read(seen: &'a Evidence, uid: &str) -> Result<Self, Missing> {
        Self::read_from(seen, uid, 0)
    }

    /// The same, with the log of the `restart`th instance of the consumer.
    pub(crate) fn read_from(seen: &'a Evidence, uid: &str, restart: i32) -> Result<Self, Missing> {
        let (from, to) = (seen.ended_log(uid, PRODUCER, 0)?, consumer_log(seen, uid, restart)?);
        let (sent, received) = (messages(from.value, "Produced"), received(to.value));
        premise_beginning(&sent, &received)?;
        Ok(Self { sent, received, sent_at: from.pointer, received_at: to.pointer })
    }

    /// Requires that no line of the producer's log is missing.
    ///
    /// The producer does not log that it has sent all: it has if it logged `count` messages, or if its last ones are
    /// the last that the consumer got. A log that was cut on its node lacks its beginning.
    pub(crate) fn premise_whole(&self, count: usize) -> Result<(), Missing> {
        let got = self.received.strip_suffix(&[EXIT_MESSAGE]).unwrap_or(&self.received);
        let last = |messages: &[&'a str]| messages.iter().rev().take(SURE).copied().collect::<Vec<_>>();
        let has_its_end = last(&self.sent) == last(got);
        let lacks_its_beginning = self.sent.len() < got.len() && got.ends_with(&self.sent);
        let whole = self.sent.len() >= count || (has_its_end && !lacks_its_beginning);
        Inquiry::premise("the whole log of the producer", whole)
    }
}

/// Requires that the consumer's log does not lack its beginning, as one may that was cut on its node: what is in it is then
/// the end of what was to come, and nothing shows that the messages before it were lost.
pub(super) fn premise_beginning(expected: &[&str], got: &[&str]) -> Result<(), Missing> {
    // Some carry the time at which they were logged.
    let text = |message: &str| message.split(" at ").next().unwrap_or_default().to_owned();
    let texts = |messages: &[&str]| messages.iter().map(|message| text(message)).collect::<Vec<_>>();
    let (mut expected, mut got) = (texts(expected), texts(got));
    for messages in [&mut expected, &mut got] {
        messages.pop_if(|last| last == EXIT_MESSAGE);
    }
    let lacks = got.len() < expected.len() && expected.ends_with(&got);
    Inquiry::premise(&format!("the beginning of the log of container {CONSUMER}"), !lacks)
}

/// The log of the `restart`th instance of the consumer, with the line that it writes last: the exit message, or why it
/// could not go on. A log that ends before may have been cut off.
pub(crate) fn consumer_log<'e>(
    seen: &'e Evidence,
    uid: &str,
    restart: i32,
) -> Result<Fact<&'e LogText>, Missing> {
    let log = seen.ended_log(uid, CONSUMER, restart)?;
    let is_last = |line: &str| line.starts_with(TOO_EARLY) || line.starts_with(COMPLAINT);
    let over = received(log.value).iter().any(|message| message.starts_with(EXIT_MESSAGE));
    let whole = over || log.value.texts().any(is_last);
    Inquiry::premise(&format!("the last line of container {CONSUMER} in its log"), whole)?;
    Ok(log)
}

/// The messages in the log of a program whose lines begin with `word`.
fn messages<'a>(log: &'a LogText, word: &str) -> Vec<&'a str> {
    log.texts().filter_map(|line| line.strip_prefix(word)?.strip_prefix(": ")).collect()
}

/// How many messages the producer has told so far.
pub(super) fn sent_so_far(log: &LogText) -> usize {
    messages(log, "Produced").len()
}

/// The messages that the consumer has told, the exit message included.
pub(super) fn received(log: &LogText) -> Vec<&str> {
    messages(log, "Consumed")
}

/// Whether the consumer has told the exit message.
pub(crate) fn has_all(log: &LogText) -> bool {
    received(log).last() == Some(&EXIT_MESSAGE)
}

/// Whether the consumer looked for the queue before the producer had made it, and gave up.
pub(crate) fn gave_up(log: &LogText) -> bool {
    log.texts().any(|line| line.starts_with(TOO_EARLY))
}

/// Requires that nobody but the programs themselves ended the pod or one of its containers.
pub(super) fn undisturbed(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let last = seen.last(uid)?;
    // `DeadlineExceeded`, `Evicted` and the like: the kubelet's doing, for want of something.
    let reason = last.reason();
    Inquiry::premise(
        &format!("a pod that is left alone ({})", reason.unwrap_or_default()),
        reason.is_none(),
    )?;
    let starved = last.containers().any(|status| {
        let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        ended.is_some_and(|ended| ended.reason.as_deref() == Some("OOMKilled"))
    });
    Inquiry::premise("containers with enough memory", !starved)
}

/// Asserts that a container ended with exit code 0.
pub(super) fn assert_exit_zero(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (uid, container): (&str, &str),
) -> Result<(), Missing> {
    let end = seen.ending(uid, container, 0)?;
    say.assert_equal(assertion, &0, &end.value.exit_code, end.pointer);
    Ok(())
}

/// Asserts that the pod ended, and that its phase is `Succeeded`. It never will be where a container has failed that is
/// not started again.
pub(super) fn assert_succeeded(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    uid: &str,
) -> Result<(), Missing> {
    let last = seen.last(uid)?;
    let pointer = format!("timeline/{}", last.name());
    if last.is_terminal() {
        say.assert_equal(assertion, &"Succeeded", &last.phase(), pointer);
        return Ok(());
    }
    let failed = failed_for_good(last);
    Inquiry::premise(&format!("the end of pod {}", last.name()), failed.is_some())?;
    let state = format!("{}, and container {} has failed", last.phase(), failed.unwrap_or_default());
    say.assert(assertion, false, "Succeeded", state, pointer);
    Ok(())
}

/// A container that has failed in a pod that nobody deletes, and that starts none of its containers again.
fn failed_for_good(seen: &SeenPod) -> Option<&str> {
    let spec = seen.pod.spec.as_ref()?;
    if seen.change == Change::Deleted || seen.pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let policies = spec.containers.iter().filter_map(|container| container.restart_policy.as_deref());
    let never = policies.chain(spec.restart_policy.as_deref()).all(|policy| policy == "Never");
    if spec.restart_policy.is_none() || !never {
        return None;
    }
    spec.containers.iter().map(|container| container.name.as_str()).find(|name| failed(seen, name))
}
