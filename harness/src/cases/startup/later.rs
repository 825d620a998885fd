//! What a container does not wait for, although it is listed after another one.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::cases::case::Case;
use crate::cases::never_happens::happens_before_control_restart;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "two";
const FIRST: &str = "first";
const SECOND: &str = "second";

/// The mark set when the awaited start did not come within the time that it may take.
pub(super) const TIMED_OUT: &str = "waited-in-vain";

/// The waiting reasons of a container whose image cannot be pulled.
const PULL_FAILED: [&str; 2] = ["ErrImagePull", "ImagePullBackOff"];

/// The waiting reasons of a container that only the containers before it delay. Any other reason is a separate cause.
const WAITS_FOR_EARLIER: [&str; 2] = ["ContainerCreating", "PodInitializing"];

pub(super) const NO_READY_WAIT: Case = Case {
    id: "startup/no-ready-wait",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start_after_unready(stage)),
    judge: judge_after_unready,
};

pub(super) const PULL_FAILURE_ISOLATED: Case = Case {
    id: "startup/pull-failure-isolated",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ImagePullFailure(FIRST)],
    drive: |stage| Box::pin(start_after_failed_pull(stage)),
    judge: judge_after_failed_pull,
};

async fn start_after_unready(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let begun = |seen: &Observations| met_if(seen.has_ever_started(&pod.uid, FIRST));
    stage.until("the start of the first container", stage.budgets().pod_running(), begun).await?;
    if starts_in_time(stage, &pod, SECOND).await? {
        stage.until_running(&pod).await?;
        // The readiness probe of the first container writes a file before it fails.
        stage.probe("first-asked", &pod, SECOND, &["wait-for", "--path", "/data/asked"]).await?;
    }
    Ok(())
}

async fn start_after_failed_pull(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let failed = |seen: &Observations| met_if(seen.pod(&pod.uid).is_some_and(pull_failed));
    stage.until("the failed pull", stage.budgets().pod_running(), failed).await?;
    if starts_in_time(stage, &pod, SECOND).await? {
        let both = |seen: &Observations| {
            met_if(seen.pod(&pod.uid).is_some_and(|seen| both_in_status(seen).is_some()))
        };
        stage
            .until("the second container running in the status", stage.budgets().pod_running(), both)
            .await?;
    }
    Ok(())
}

/// Returns whether `container` starts within the time that a start may take. Marks the time if it does not.
pub(super) async fn starts_in_time(stage: &Stage, pod: &PodRef, container: &str) -> Result<bool, StageError> {
    let what = format!("the start of container {container}");
    happens_in_time(stage, &what, pod, |seen| seen.has_ever_started(&pod.uid, container)).await
}

/// Returns whether `look` is met within the time that the next start may take. On a slow node, waits longer: until
/// the kubelet of `pod` has restarted a control pod. Marks the time if `look` was not met.
pub(super) async fn happens_in_time(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observations) -> bool,
) -> Result<bool, StageError> {
    let window = stage.budgets().next_start();
    let happened = stage.observe_for(what, window, |seen| met_if(look(seen))).await?.is_some()
        || happens_before_control_restart(stage, what, pod, look).await?;
    if !happened {
        stage.mark(TIMED_OUT);
    }
    Ok(happened)
}

pub(super) fn met_if(is_met: bool) -> Progress<()> {
    if is_met { Progress::Met(()) } else { Progress::NotYet }
}

fn judge_after_unready(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a first container that has started", seen.has_ever_started(uid, FIRST))?;
    let is_ready = |state: &SeenPod| state.container(FIRST).is_some_and(|status| status.ready);
    Inquiry::premise("a first container that is never ready", !seen.states(uid).any(is_ready))?;
    assert_starts(seen, inquiry, "second-starts", (uid, SECOND))?;
    if seen.has_ever_started(uid, SECOND) {
        let asked = seen.exec_report("first-asked", "wait-for")?;
        Inquiry::premise("a readiness probe of the first container", asked.value.ok())?;
    }
    Ok(())
}

fn judge_after_failed_pull(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a failed pull", seen.states(uid).any(pull_failed))?;
    Inquiry::premise("a first container that never started", !seen.has_ever_started(uid, FIRST))?;
    assert_starts(seen, inquiry, "second-starts", (uid, SECOND))?;
    let together = seen.states(uid).find_map(both_in_status);
    let together =
        together.ok_or_else(|| Missing::new("a status with the failed pull and the running container"))?;
    inquiry.assert_equal("pod-is-pending", &"Pending", &together.phase(), format!("timeline/{POD}"));
    Ok(())
}

/// Asserts that the container started in time.
pub(super) fn assert_starts(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    (uid, container): (&str, &str),
) -> Result<(), Missing> {
    let begun = seen.has_ever_started(uid, container);
    if !begun && let Some(why) = seen.pod(uid)?.container(container).and_then(waiting_reason) {
        let other_cause = !WAITS_FOR_EARLIER.contains(&why);
        Inquiry::premise(&format!("no other cause that delays container {container} ({why})"), !other_cause)?;
    }
    let timed_out = seen.mark(TIMED_OUT).is_ok();
    Inquiry::premise(
        &format!("the start of container {container}, or the whole wait for it"),
        begun != timed_out,
    )?;
    inquiry.assert(assertion, begun, "a start in time", "none", format!("timeline/{container}"));
    Ok(())
}

/// Returns the waiting reason of a container, if its status has one.
fn waiting_reason(status: &ContainerStatus) -> Option<&str> {
    status.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

fn pull_failed(seen: &SeenPod) -> bool {
    seen.container(FIRST).and_then(waiting_reason).is_some_and(|reason| PULL_FAILED.contains(&reason))
}

/// Returns this status if it shows the second container running and the failed pull of the first.
fn both_in_status(seen: &SeenPod) -> Option<&SeenPod> {
    seen.container(SECOND)?.state.as_ref()?.running.as_ref()?;
    pull_failed(seen).then_some(seen)
}
