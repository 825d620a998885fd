//! The phase of a pod whose containers end one after the other.

use crate::cases::case::Case;
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::never_happens::{premise_watched, watch_with_control};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "two";

/// The container that fails at once.
const FAILS: &str = "fails";

/// The container that runs until the drive lets it exit.
const GOES_ON: &str = "goes-on";

pub(super) const ONE_FAILS_THEN_FAILED: Case = Case {
    id: "lifecycle/one-fails-then-failed",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(end_both(stage)),
    judge: judge_final_phase,
};

pub(super) const PARTIAL_FAILURE_RUNNING: Case = Case {
    id: "lifecycle/partial-failure-running",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(FAILS)],
    drive: |stage| Box::pin(end_one(stage)),
    judge: judge_partial_failure,
};

async fn end_both(stage: &Stage) -> Result<(), StageError> {
    let pod = start(stage).await?;
    // The judge needs a status between the two ends.
    let one_left =
        |seen: &SeenPod| (seen.termination_of(FAILS, 0).is_some() && seen.is_running(GOES_ON)).then_some(());
    stage.until_pod("one container left", stage.budgets().pod_running(), &pod, one_left).await?;
    stage
        .exec_ignoring_result(
            "end",
            &pod,
            GOES_ON,
            &["/probe", "write", "--path", "/data/go", "--text", "now"],
        )
        .await;
    stage.until_terminal(&pod).await
}

async fn end_one(stage: &Stage) -> Result<(), StageError> {
    let pod = start(stage).await?;
    let over = |seen: &SeenPod| seen.is_terminal();
    watch_with_control(stage, "the end of the pod", &pod, |seen| seen.pod(&pod.uid).is_some_and(over))
        .await?;
    let identity = stage.probe("still-there", &pod, GOES_ON, &["identity"]).await;
    if identity.is_err() {
        // If the container has ended, the pod's status will show it, possibly late.
        let not_running = |seen: &SeenPod| (!seen.is_running(GOES_ON)).then_some(());
        let what = "the status of a container in which no command can be run";
        stage.until_pod(what, stage.budgets().pod_done(), &pod, not_running).await?;
        stage.until_terminal(&pod).await?;
    }
    identity.map(drop)
}

/// Creates the pod and waits until one container has ended and the other has started.
async fn start(stage: &Stage) -> Result<PodRef, StageError> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, FAILS).await?;
    stage.until_reported(&pod, GOES_ON, 0, "identity").await?;
    Ok(pod)
}

fn judge_final_phase(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let pointer = format!("timeline/{POD}");
    let mut between = seen
        .states(uid)
        .filter(|state| state.termination_of(FAILS, 0).is_some() && state.is_running(GOES_ON));
    let one_left = between.next().is_some();
    let too_early = seen.states(uid).find(|state| state.is_terminal() && state.is_running(GOES_ON));
    let actual = too_early.map_or("", SeenPod::phase);
    if too_early.is_none() {
        Inquiry::premise("a status with one container failed and the other running", one_left)?;
    }
    inquiry.assert(
        "not-failed-too-early",
        too_early.is_none(),
        "Running while a container runs",
        actual,
        &pointer,
    );

    let last = seen.pod(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let code = seen.ending(uid, GOES_ON, 0)?.value.exit_code;
    Inquiry::premise("a last container that exited with code 0", code == 0)?;
    inquiry.assert_equal("failed-at-the-end", &"Failed", &last.phase(), pointer);
    Ok(())
}

fn judge_partial_failure(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let end = seen.ending(uid, FAILS, 0)?;
    Inquiry::premise("a container that failed", end.value.exit_code == 1)?;
    let last = seen.pod(uid)?;
    let pointer = format!("timeline/{POD}");
    Inquiry::premise("a last status that shows the failure", last.termination_of(FAILS, 0).is_some())?;
    if !last.is_terminal() {
        premise_watched(seen)?;
    }
    inquiry.assert_equal("pod-is-running", &"Running", &last.phase(), &pointer);
    let ready = last.condition("Ready").ok_or_else(|| Missing::new("the pod's condition Ready"))?;
    inquiry.assert_equal("pod-is-not-ready", &false, &ready, pointer);

    let other = seen.container(uid, GOES_ON)?;
    let actual = format!("running: {}, restarts: {}", other.value.running, other.value.restarts);
    inquiry.assert_equal("other-goes-on", &"running: true, restarts: 0", &actual.as_str(), &other.pointer);
    let before = seen.log_report(uid, GOES_ON, 0, "identity")?.value.number("pid1_start_ticks")?;
    let after = seen.exec_report("still-there", "identity")?.value.number("pid1_start_ticks")?;
    inquiry.assert_equal("other-goes-on", &before, &after, other.pointer);
    Ok(())
}
