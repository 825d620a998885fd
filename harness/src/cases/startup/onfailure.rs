//! The fix that needs no other program: a consumer that started too early is restarted.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, Exchange, PRODUCER, assert_succeeded, premise_not_ended_by_node};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations};
use podproof_core::judge::Inquiry;

use super::later::{TIMED_OUT, happens_in_time};
use super::remedies::assert_delivered;

const POD: &str = "swapped";

pub(super) const FIX_ONFAILURE_POD: Case = Case {
    id: "startup/fix-onfailure-pod",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(CONSUMER), Disturbance::ExitOrKubeletKill(PRODUCER)],
    drive: |stage| Box::pin(fail_and_restart(stage)),
    judge: judge_restart,
};

pub(super) const FIX_ONFAILURE: Case = Case {
    id: "startup/fix-onfailure",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(CONSUMER), Disturbance::ExitOrKubeletKill(PRODUCER)],
    drive: |stage| Box::pin(fail_and_restart(stage)),
    judge: judge_restart,
};

async fn fail_and_restart(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, CONSUMER).await?;
    let restarted = |seen: &Observations| seen.has_restarted(&pod.uid, CONSUMER);
    if !happens_in_time(stage, "a second instance of the consumer", &pod, restarted).await? {
        return Ok(());
    }
    stage.until_terminal(&pod).await
}

fn judge_restart(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    Inquiry::premise_absent("a consumer that started before the queue existed", &look)?;
    let end = seen.ending(uid, CONSUMER, 0)?;
    Inquiry::premise("a first instance that failed", end.value.exit_code == 1)?;

    let consumer = seen.container(uid, CONSUMER)?;
    let restarts = consumer.value.restarts;
    let restarted = seen.has_restarted(uid, CONSUMER);
    if !restarted {
        // Without a restart, the drive must have waited for long enough.
        seen.mark(TIMED_OUT)?;
    }
    let actual = format!("{restarts} restarts");
    inquiry.assert("consumer-comes-back", restarted, "a second instance", actual, consumer.pointer);
    if !restarted {
        return Ok(());
    }
    Inquiry::premise("a status that shows the second instance", restarts > 0)?;
    let producer = seen.container(uid, PRODUCER)?;
    inquiry.assert_equal("producer-runs-once", &0, &producer.value.restarts, producer.pointer);
    assert_succeeded(seen, inquiry, "pod-succeeds", uid)?;
    assert_delivered(inquiry, &Exchange::read_from(seen, uid, restarts)?)
}
