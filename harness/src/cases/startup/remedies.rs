//! The remedies: what makes the exchange complete in either order.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_exit_zero, assert_succeeded, undisturbed, until_over,
};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// How many messages each of the pods exchanges before the exit message: more than fit into the queue.
pub(super) const COUNT: usize = 50;

/// How the pods are named that list the consumer first.
const SWAPPED: &str = "swapped";

pub(super) const FIX_RETRY: Case = Case {
    id: "startup/fix-retry",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_retry,
};

pub(super) const FIX_MARKER_FILE: Case = Case {
    id: "startup/fix-marker-file",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_marker_file,
};

pub(super) const FIX_INIT_CREATES: Case = Case {
    id: "startup/fix-init-creates",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_init_creates,
};

pub(super) const FIX_POSTSTART: Case = Case {
    id: "startup/fix-poststart",
    attire: Attire::Restricted,
    // Its own program may find no queue while its hook runs, and end with it.
    expects: &[Expected::FailedHook(CONSUMER)],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_poststart,
};

pub(super) const FIX_SIDECAR: Case = Case {
    id: "startup/fix-sidecar",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(PRODUCER)],
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_sidecar,
};

async fn run_all(stage: &Stage) -> Result<(), Blocked> {
    let pods = try_join_all(stage.objects().iter().map(|name| stage.create(name))).await?;
    try_join_all(pods.iter().map(|pod| until_over(stage, pod))).await.map(drop)
}

fn judge_retry(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("six pods", seen.applied.len() == 6)?;
    let mut had_to_wait = 0;
    for pod in &seen.applied {
        let look = seen.log_report(&pod.uid, CONSUMER, 0, "mq-look")?;
        had_to_wait += usize::from(pod.name.starts_with(SWAPPED) && !look.value.present()?);
    }
    Inquiry::premise("a consumer that had to wait for the queue", had_to_wait > 0)?;
    judge_each(seen, say, judge_pod)
}

fn judge_marker_file(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("two pods", seen.applied.len() == 2)?;
    for pod in seen.applied.iter().filter(|pod| pod.name.starts_with(SWAPPED)) {
        let waited = seen.log_report(&pod.uid, CONSUMER, 0, "wait-for")?;
        Inquiry::premise("a consumer that had to wait for the file", waited.value.truth("waited")?)?;
    }
    judge_each(seen, say, judge_pod)
}

fn judge_init_creates(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("two pods", seen.applied.len() == 2)?;
    judge_each(seen, say, |seen, say, uid| {
        assert_finds_the_queue(seen, say, uid)?;
        judge_pod(seen, say, uid)
    })
}

fn judge_poststart(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied("original", 0)?.uid;
    assert_finds_the_queue(seen, say, uid)?;
    judge_pod(seen, say, uid)
}

/// The producer is restarted when it has ended, and waits with a second queue until its pod ends: how it ends says nothing.
fn judge_sidecar(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied("sidecar", 0)?.uid;
    undisturbed(seen, uid)?;
    assert_finds_the_queue(seen, say, uid)?;
    assert_exit_zero(seen, say, "all-succeed", (uid, CONSUMER))?;
    assert_succeeded(seen, say, "all-succeed", uid)?;
    assert_delivered(say, &Exchange::read(seen, uid)?)
}

/// Each pod is judged, also where a fact of another is not known.
fn judge_each(
    seen: &Evidence,
    say: &mut Inquiry,
    judge: impl Fn(&Evidence, &mut Inquiry, &str) -> Result<(), Missing>,
) -> Result<(), Missing> {
    let judged: Vec<_> = seen.applied.iter().map(|pod| judge(seen, say, &pod.uid)).collect();
    judged.into_iter().collect()
}

fn judge_pod(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    undisturbed(seen, uid)?;
    assert_exit_zero(seen, say, "all-succeed", (uid, CONSUMER))?;
    assert_exit_zero(seen, say, "all-succeed", (uid, PRODUCER))?;
    assert_succeeded(seen, say, "all-succeed", uid)?;
    assert_delivered(say, &Exchange::read(seen, uid)?)
}

fn assert_finds_the_queue(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    let there = look.value.present()?;
    say.assert("finds-the-queue", there, "a queue at the first look", look.value.to_string(), look.pointer);
    Ok(())
}

/// Asserts that the consumer has what the producer sent, and the exit message.
pub(super) fn assert_delivered(say: &mut Inquiry, exchange: &Exchange<'_>) -> Result<(), Missing> {
    Inquiry::premise("all messages produced", exchange.sent.len() == COUNT)?;
    let expected: Vec<_> = exchange.sent.iter().copied().chain([EXIT_MESSAGE]).collect();
    say.assert_equal("all-is-delivered", &expected, &exchange.received, &exchange.received_at);
    Ok(())
}
