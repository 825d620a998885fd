//! The phase of a pod whose containers end one after the other.

use crate::cases::case::Case;
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::cases::quiet::{watch_kubelet, watched};
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const POD: &str = "two";

/// The container that fails at once.
const FAILS: &str = "fails";

/// The container that goes on until it is told to end.
const GOES_ON: &str = "goes-on";

pub(super) const ONE_FAILS_THEN_FAILED: Case = Case {
    id: "lifecycle/one-fails-then-failed",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(end_both(stage)),
    judge: judge_the_end,
};

pub(super) const PARTIAL_FAILURE_RUNNING: Case = Case {
    id: "lifecycle/partial-failure-running",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(FAILS)],
    drive: |stage| Box::pin(end_one(stage)),
    judge: judge_the_rest,
};

async fn end_both(stage: &Stage) -> Result<(), Blocked> {
    let pod = begin(stage).await?;
    // One state between the two ends must have been seen.
    let one_left = |seen: &SeenPod| (seen.end_of(FAILS, 0).is_some() && seen.runs(GOES_ON)).then_some(());
    stage.until_pod("one container left", stage.budgets().pod_running(), &pod, one_left).await?;
    stage.order("end", &pod, GOES_ON, &["/probe", "write", "--path", "/data/go", "--text", "now"]).await;
    stage.until_terminal(&pod).await
}

async fn end_one(stage: &Stage) -> Result<(), Blocked> {
    let pod = begin(stage).await?;
    let over = |seen: &SeenPod| seen.is_terminal();
    watch_kubelet(stage, "the end of the pod", &pod, |seen| seen.pod(&pod.uid).is_some_and(over)).await?;
    let there = stage.probe("still-there", &pod, GOES_ON, &["identity"]).await;
    if there.is_err() {
        // Where it has ended, the pod's status will say so, however late.
        let not_running = |seen: &SeenPod| (!seen.runs(GOES_ON)).then_some(());
        let what = "the state of a container in which no command can be run";
        stage.until_pod(what, stage.budgets().pod_done(), &pod, not_running).await?;
        stage.until_terminal(&pod).await?;
    }
    there.map(drop)
}

/// Creates the pod and waits until one container has ended and the other has begun.
async fn begin(stage: &Stage) -> Result<PodRef, Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, FAILS).await?;
    stage.until_reported(&pod, GOES_ON, 0, "identity").await?;
    Ok(pod)
}

fn judge_the_end(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let pointer = format!("timeline/{POD}");
    let mut between =
        seen.states(uid).filter(|state| state.end_of(FAILS, 0).is_some() && state.runs(GOES_ON));
    let one_left = between.next().is_some();
    let too_early = seen.states(uid).find(|state| state.is_terminal() && state.runs(GOES_ON));
    let told = too_early.map_or("", SeenPod::phase);
    if too_early.is_none() {
        Inquiry::premise("a time at which one container had failed and the other ran", one_left)?;
    }
    say.assert("not-failed-too-early", too_early.is_none(), "Running while one runs", told, &pointer);

    let last = seen.last(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let code = seen.ending(uid, GOES_ON, 0)?.value.exit_code;
    Inquiry::premise("a last container that ends with exit code 0", code == 0)?;
    say.assert_equal("failed-at-the-end", &"Failed", &last.phase(), pointer);
    Ok(())
}

fn judge_the_rest(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let end = seen.ending(uid, FAILS, 0)?;
    Inquiry::premise("a container that failed", end.value.exit_code == 1)?;
    let last = seen.last(uid)?;
    let pointer = format!("timeline/{POD}");
    Inquiry::premise("a last state that tells of the failure", last.end_of(FAILS, 0).is_some())?;
    if !last.is_terminal() {
        watched(seen)?;
    }
    say.assert_equal("pod-is-running", &"Running", &last.phase(), &pointer);
    let ready = last.condition("Ready").ok_or_else(|| Missing::new("the pod's condition Ready"))?;
    say.assert_equal("pod-is-not-ready", &false, &ready, pointer);

    let now = seen.container(uid, GOES_ON)?;
    let told = format!("running: {}, restarts: {}", now.value.running, now.value.restarts);
    say.assert_equal("other-goes-on", &"running: true, restarts: 0", &told.as_str(), &now.pointer);
    let before = seen.log_report(uid, GOES_ON, 0, "identity")?.value.number("pid1_start_ticks")?;
    let after = seen.exec_report("still-there", "identity")?.value.number("pid1_start_ticks")?;
    say.assert_equal("other-goes-on", &before, &after, now.pointer);
    Ok(())
}
