//! A pod that ends when its containers have.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, assert_succeeded, undisturbed};
use crate::cases::premise::Expected;
use crate::cases::quiet::{restarts, watch_for_restarts, watched};
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc2";

pub(super) const NEVER_COMPLETES: Case = Case {
    id: "lifecycle/never-completes",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(PRODUCER), Expected::Restart(CONSUMER)],
    drive: |stage| Box::pin(end_and_stay(stage)),
    judge: judge_completion,
};

async fn end_and_stay(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    let ended_or_restarted = |seen: &SeenPod| (seen.is_terminal() || restarts(seen) > 0).then_some(());
    stage.until_pod("the end of pod mc2", stage.budgets().pod_done(), &pod, ended_or_restarted).await?;
    watch_for_restarts(stage, &pod).await
}

fn judge_completion(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let pointer = format!("timeline/{POD}");
    let restarts = seen.states(uid).map(restarts).max().ok_or_else(|| Missing::new("the pod"))?;
    if restarts == 0 {
        // That nothing happened counts only when it was watched for long enough.
        watched(seen)?;
    }
    say.assert_equal("not-restarted", &0, &restarts, &pointer);
    if restarts > 0 {
        return Ok(());
    }

    assert_succeeded(seen, say, "succeeds", uid)?;
    let phases = phases(seen, uid);
    let steps: Option<Vec<_>> = phases.iter().map(|phase| step(phase)).collect();
    let forward = steps.is_some_and(|steps| steps.is_sorted());
    say.assert("phases-go-forward", forward, "Pending, Running, the end", phases.join(" "), &pointer);

    // The claim is about what a reader is shown on the way, so the way must have been seen.
    Inquiry::premise("the phase Pending at first", phases.first() == Some(&"Pending"))?;
    let creating = seen.states(uid).any(|state| state.phase() == "Pending" && is_creating(state));
    Inquiry::premise("containers that are created (ContainerCreating)", creating)?;

    let last = seen.last(uid)?;
    for name in [PRODUCER, CONSUMER] {
        let status =
            last.container(name).ok_or_else(|| Missing::new(format!("the status of container {name}")))?;
        let end = seen.ending(uid, name, 0)?;
        let told = format!("ready: {}, {}", status.ready, end.value.reason.unwrap_or_default());
        say.assert_equal("shows-0-of-2-completed", &"ready: false, Completed", &told.as_str(), end.pointer);
    }
    Ok(())
}

/// The pod's phases in the order in which they were seen, each once in a row.
fn phases<'a>(seen: &'a Evidence, uid: &str) -> Vec<&'a str> {
    let mut phases: Vec<_> = seen.states(uid).map(SeenPod::phase).filter(|phase| !phase.is_empty()).collect();
    phases.dedup();
    phases
}

/// Whether a container is being made, by the word that kubectl shows.
fn is_creating(seen: &SeenPod) -> bool {
    let reason = |status: &ContainerStatus| status.state.as_ref()?.waiting.as_ref()?.reason.clone();
    seen.containers().filter_map(reason).any(|reason| reason == "ContainerCreating")
}

/// How far on its way a pod is. The watch may miss a step, but must never show an earlier one again.
fn step(phase: &str) -> Option<u8> {
    match phase {
        "Pending" => Some(0),
        "Running" => Some(1),
        "Succeeded" | "Failed" => Some(2),
        _ => None,
    }
}
