//! The fixes that make the exchange complete in either container order.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_exit_zero, assert_succeeded,
    premise_not_ended_by_node, until_exchange_settled,
};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The number of messages before the exit message in each pod: more than the queue holds.
pub(super) const COUNT: usize = 50;

/// The name prefix of pods that list the consumer first.
const SWAPPED: &str = "swapped";

pub(super) const FIX_RETRY: Case = Case {
    id: "startup/fix-retry",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_retry,
};

pub(super) const FIX_MARKER_FILE: Case = Case {
    id: "startup/fix-marker-file",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_marker_file,
};

pub(super) const FIX_INIT_CREATES: Case = Case {
    id: "startup/fix-init-creates",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_init_creates,
};

pub(super) const FIX_POSTSTART: Case = Case {
    id: "startup/fix-poststart",
    pod_profile: PodProfile::Restricted,
    // The consumer may find no queue and exit while its hook still runs, which makes the hook fail.
    allows: &[Disturbance::FailedHook(CONSUMER)],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_poststart,
};

pub(super) const FIX_SIDECAR: Case = Case {
    id: "startup/fix-sidecar",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(PRODUCER)],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_sidecar,
};

async fn run_all(stage: &Stage) -> Result<(), StageError> {
    let pods = try_join_all(stage.object_names().iter().map(|name| stage.create(name))).await?;
    try_join_all(pods.iter().map(|pod| until_exchange_settled(stage, pod))).await.map(drop)
}

fn judge_retry(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("six pods", seen.applied.len() == 6)?;
    let mut had_to_wait = 0;
    for pod in &seen.applied {
        let look = seen.log_report(&pod.uid, CONSUMER, 0, "mq-look")?;
        had_to_wait += usize::from(pod.name.starts_with(SWAPPED) && !look.value.present()?);
    }
    Inquiry::premise("a consumer that had to wait for the queue", had_to_wait > 0)?;
    judge_each(seen, inquiry, judge_pod)
}

fn judge_marker_file(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("two pods", seen.applied.len() == 2)?;
    for pod in seen.applied.iter().filter(|pod| pod.name.starts_with(SWAPPED)) {
        let waited = seen.log_report(&pod.uid, CONSUMER, 0, "wait-for")?;
        Inquiry::premise("a consumer that had to wait for the file", waited.value.truth("waited")?)?;
    }
    judge_each(seen, inquiry, judge_pod)
}

fn judge_init_creates(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("two pods", seen.applied.len() == 2)?;
    judge_each(seen, inquiry, |seen, inquiry, uid| {
        assert_finds_the_queue(seen, inquiry, uid)?;
        judge_pod(seen, inquiry, uid)
    })
}

fn judge_poststart(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied("original", 0)?.uid;
    assert_finds_the_queue(seen, inquiry, uid)?;
    judge_pod(seen, inquiry, uid)
}

/// The producer is a sidecar: it is restarted after the exchange, and waits at a second queue until the pod ends. How
/// it ends is not judged.
fn judge_sidecar(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied("sidecar", 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    assert_finds_the_queue(seen, inquiry, uid)?;
    assert_exit_zero(seen, inquiry, "all-succeed", (uid, CONSUMER))?;
    assert_succeeded(seen, inquiry, "all-succeed", uid)?;
    assert_delivered(inquiry, &Exchange::read(seen, uid)?)
}

/// Judges every pod, even if a fact about another is missing.
fn judge_each(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    judge: impl Fn(&Evidence, &mut Inquiry, &str) -> Result<(), Missing>,
) -> Result<(), Missing> {
    let judged: Vec<_> = seen.applied.iter().map(|pod| judge(seen, inquiry, &pod.uid)).collect();
    judged.into_iter().collect()
}

fn judge_pod(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    premise_not_ended_by_node(seen, uid)?;
    assert_exit_zero(seen, inquiry, "all-succeed", (uid, CONSUMER))?;
    assert_exit_zero(seen, inquiry, "all-succeed", (uid, PRODUCER))?;
    assert_succeeded(seen, inquiry, "all-succeed", uid)?;
    assert_delivered(inquiry, &Exchange::read(seen, uid)?)
}

fn assert_finds_the_queue(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    let exists = look.value.present()?;
    inquiry.assert(
        "finds-the-queue",
        exists,
        "a queue at the first look",
        look.value.to_string(),
        look.pointer,
    );
    Ok(())
}

/// Asserts that the consumer received all messages that the producer sent, and the exit message.
pub(super) fn assert_delivered(inquiry: &mut Inquiry, exchange: &Exchange<'_>) -> Result<(), Missing> {
    Inquiry::premise("all messages produced", exchange.sent.len() == COUNT)?;
    let expected: Vec<_> = exchange.sent.iter().copied().chain([EXIT_MESSAGE]).collect();
    inquiry.assert_equal("all-is-delivered", &expected, &exchange.received, &exchange.received_at);
    Ok(())
}
