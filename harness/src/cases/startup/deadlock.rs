//! An init container that waits for something that only a later container does.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, premise_not_ended_by_node};
use crate::cases::never_happens::{premise_watched, watch_with_control};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod, ended};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";
const INIT: &str = "init";

/// The containers that start after the init container.
const LATER: [&str; 2] = [PRODUCER, CONSUMER];

pub(super) const INIT_WAIT_DEADLOCK: Case = Case {
    id: "startup/init-wait-deadlock",
    pod_profile: PodProfile::Restricted,
    allows: &[
        Disturbance::ExitOrKubeletKill(INIT),
        Disturbance::ExitOrKubeletKill(CONSUMER),
        Disturbance::ExitOrKubeletKill(PRODUCER),
    ],
    drive: |stage| Box::pin(block_in_init(stage)),
    judge: judge_deadlock,
};

async fn block_in_init(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, INIT, 0, "mq-look").await?;
    if watch_with_control(stage, "the end of the init container or the start of a later one", &pod, |seen| {
        is_past_init(seen, &pod)
    })
    .await?
    {
        return until_past_init(stage, &pod).await;
    }
    let look = stage.probe("queue-after", &pod, INIT, &["mq-look"]).await;
    if look.is_err() {
        // If the init container has ended, the pod's status will show it, possibly late.
        until_past_init(stage, &pod).await?;
    }
    look.map(drop)
}

/// Waits for the pod's status, which may come after the event.
async fn until_past_init(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    let past_init = |seen: &SeenPod| (seen.phase() != "Pending").then_some(());
    stage
        .until_pod("a pod that is past its init container", stage.budgets().pod_running(), pod, past_init)
        .await
}

fn is_past_init(seen: &Observations, pod: &PodRef) -> bool {
    let end = || ended(seen.pod(&pod.uid)?.container(INIT)?);
    end().is_some() || LATER.iter().any(|name| seen.has_ever_started(&pod.uid, name))
}

fn judge_deadlock(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let look = seen.log_report(uid, INIT, 0, "mq-look")?;
    Inquiry::premise_absent("an init container that found no queue", &look)?;

    let init = seen.container(uid, INIT)?;
    let begun: Vec<_> = LATER.into_iter().filter(|name| seen.has_ever_started(uid, name)).collect();
    let has_started = init.value.running || init.value.ended.is_some();
    Inquiry::premise("an init container that runs or has ended", has_started)?;
    if init.value.running && begun.is_empty() {
        // If nothing happened, the pod must have been watched for long enough.
        premise_watched(seen)?;
        let look = seen.exec_report("queue-after", "mq-look")?;
        Inquiry::premise_absent("still no queue after the window", &look)?;
    }
    let phase = seen.pod(uid)?.phase();
    let actual = format!("running: {}, {phase}", init.value.running);
    inquiry.assert_equal("stays-in-init", &"running: true, Pending", &actual.as_str(), init.pointer);
    let actual = begun.join(" ");
    inquiry.assert(
        "nothing-else-starts",
        begun.is_empty(),
        "no other container",
        actual,
        format!("timeline/{POD}"),
    );
    Ok(())
}
