//! A pod that ends when all its containers have ended.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, assert_succeeded, premise_not_ended_by_node};
use crate::cases::never_happens::{premise_watched, restarts, watch_for_restarts};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";

pub(super) const NEVER_COMPLETES: Case = Case {
    id: "lifecycle/never-completes",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(PRODUCER), Disturbance::ExitOrKubeletKill(CONSUMER)],
    drive: |stage| Box::pin(end_and_stay(stage)),
    judge: judge_completion,
};

async fn end_and_stay(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let ended_or_restarted = |seen: &SeenPod| (seen.is_terminal() || restarts(seen) > 0).then_some(());
    stage.until_pod("the end of pod mc2", stage.budgets().pod_done(), &pod, ended_or_restarted).await?;
    watch_for_restarts(stage, &pod).await
}

fn judge_completion(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let pointer = format!("timeline/{POD}");
    let restarts = seen.states(uid).map(restarts).max().ok_or_else(|| Missing::new("the pod"))?;
    if restarts == 0 {
        // Without a restart, the pod must have been watched for long enough.
        premise_watched(seen)?;
    }
    inquiry.assert_equal("not-restarted", &0, &restarts, &pointer);
    if restarts > 0 {
        return Ok(());
    }

    assert_succeeded(seen, inquiry, "succeeds", uid)?;
    let phases = phases(seen, uid);
    let steps: Option<Vec<_>> = phases.iter().map(|phase| step(phase)).collect();
    let forward = steps.is_some_and(|steps| steps.is_sorted());
    inquiry.assert("phases-go-forward", forward, "Pending, Running, the end", phases.join(" "), &pointer);

    // The claim is about the phases on the way, so the evidence must show them from the first.
    Inquiry::premise("the phase Pending as the first phase", phases.first() == Some(&"Pending"))?;
    let creating = seen.states(uid).any(|state| state.phase() == "Pending" && is_creating(state));
    Inquiry::premise("containers in ContainerCreating", creating)?;

    let last = seen.pod(uid)?;
    for name in [PRODUCER, CONSUMER] {
        let status =
            last.container(name).ok_or_else(|| Missing::new(format!("the status of container {name}")))?;
        let end = seen.ending(uid, name, 0)?;
        let actual = format!("ready: {}, {}", status.ready, end.value.reason.unwrap_or_default());
        inquiry.assert_equal(
            "shows-0-of-2-completed",
            &"ready: false, Completed",
            &actual.as_str(),
            end.pointer,
        );
    }
    Ok(())
}

/// Returns the pod's phases in the order seen, without repetitions.
fn phases<'a>(seen: &'a Evidence, uid: &str) -> Vec<&'a str> {
    let mut phases: Vec<_> = seen.states(uid).map(SeenPod::phase).filter(|phase| !phase.is_empty()).collect();
    phases.dedup();
    phases
}

/// Returns whether a container waits with the reason `ContainerCreating`.
fn is_creating(seen: &SeenPod) -> bool {
    let reason = |status: &ContainerStatus| status.state.as_ref()?.waiting.as_ref()?.reason.clone();
    seen.containers().filter_map(reason).any(|reason| reason == "ContainerCreating")
}

/// Returns the position of a phase in a pod's lifecycle. A watch may miss a phase, but must never go back to an
/// earlier one.
fn step(phase: &str) -> Option<u8> {
    match phase {
        "Pending" => Some(0),
        "Running" => Some(1),
        "Succeeded" | "Failed" => Some(2),
        _ => None,
    }
}
