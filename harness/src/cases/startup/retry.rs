//! The remedy: a consumer that waits for the queue.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_exit_zero, assert_succeeded, undisturbed, until_over,
};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// How many messages each of the pods exchanges before the exit message: more than fit into the queue.
const COUNT: usize = 50;

/// How the pods are named that list the consumer first.
const SWAPPED: &str = "swapped";

pub(super) const FIX_RETRY: Case = Case {
    id: "startup/fix-retry",
    attire: Attire::Restricted,
    drive: |stage| Box::pin(run_all(stage)),
    judge: judge_all,
};

async fn run_all(stage: &Stage) -> Result<(), Blocked> {
    let pods = try_join_all(stage.objects().iter().map(|name| stage.create(name))).await?;
    try_join_all(pods.iter().map(|pod| until_over(stage, pod))).await.map(drop)
}

fn judge_all(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("six pods", seen.applied.len() == 6)?;
    let mut had_to_wait = 0;
    for pod in &seen.applied {
        let look = seen.log_report(&pod.uid, CONSUMER, 0, "mq-look")?;
        had_to_wait += usize::from(pod.name.starts_with(SWAPPED) && !look.value.present()?);
    }
    Inquiry::premise("a consumer that had to wait for the queue", had_to_wait > 0)?;
    // Each pod is judged, also where a fact of another is not known.
    let judged: Vec<_> = seen.applied.iter().map(|pod| judge_pod(seen, say, &pod.uid)).collect();
    judged.into_iter().collect()
}

fn judge_pod(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    undisturbed(seen, uid)?;
    assert_exit_zero(seen, say, "all-succeed", (uid, CONSUMER))?;
    assert_exit_zero(seen, say, "all-succeed", (uid, PRODUCER))?;
    assert_succeeded(seen, say, "all-succeed", uid)?;
    let Exchange { sent, received, received_at, .. } = Exchange::read(seen, uid)?;
    Inquiry::premise("all messages produced", sent.len() == COUNT)?;
    let expected: Vec<_> = sent.into_iter().chain([EXIT_MESSAGE]).collect();
    say.assert_equal("all-is-delivered", &expected, &received, received_at);
    Ok(())
}
