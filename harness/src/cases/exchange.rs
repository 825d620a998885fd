//! The article's exchange: a producer and a consumer on one message queue.
//!
//! Shared by the cases about it and the experiment. The containers are called `producer` and `consumer`, as in the article.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::evidence::{Evidence, LogText, Missing};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Stage};

pub(crate) const PRODUCER: &str = "producer";
pub(crate) const CONSUMER: &str = "consumer";

/// The message after which the consumer ends.
pub(crate) const EXIT_MESSAGE: &str = "done";

/// How the only line of a consumer begins that finds no queue.
const TOO_EARLY: &str = "Either the producer has not been started";

/// Waits until the pod has ended, or its consumer has failed: then the producer waits for ever.
pub(super) async fn until_over(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    let what = format!("the end of the exchange in pod {}", pod.name);
    let consumer_failed = |status: &ContainerStatus| {
        let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        ended.is_some_and(|ended| ended.exit_code != 0)
    };
    stage
        .until_pod(&what, stage.budgets().pod_done(), pod, |seen| {
            let failed = seen.container(CONSUMER).is_some_and(consumer_failed);
            (seen.is_terminal() || failed).then_some(())
        })
        .await
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
    /// Reads both logs, which must have ended.
    pub(crate) fn read(seen: &'a Evidence, uid: &str) -> Result<Self, Missing> {
        Self::read_from(seen, uid, 0)
    }

    /// The same, with the log of the `restart`th instance of the consumer.
    pub(crate) fn read_from(seen: &'a Evidence, uid: &str, restart: i32) -> Result<Self, Missing> {
        let (from, to) = (seen.ended_log(uid, PRODUCER, 0)?, seen.ended_log(uid, CONSUMER, restart)?);
        Ok(Self {
            sent: messages(from.value, "Produced"),
            received: received(to.value),
            sent_at: from.pointer,
            received_at: to.pointer,
        })
    }
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
pub(crate) fn undisturbed(seen: &Evidence, uid: &str) -> Result<(), Missing> {
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

/// Asserts that the pod ended, and that its phase is `Succeeded`.
pub(super) fn assert_succeeded(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    uid: &str,
) -> Result<(), Missing> {
    let last = seen.last(uid)?;
    Inquiry::premise(&format!("the end of pod {}", last.name()), last.is_terminal())?;
    say.assert_equal(assertion, &"Succeeded", &last.phase(), format!("timeline/{}", last.name()));
    Ok(())
}
