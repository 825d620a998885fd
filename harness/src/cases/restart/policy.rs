//! The effect of a pod's `restartPolicy` on containers that exit.

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, until_end_reported};
use crate::cases::exchange::{assert_succeeded, premise_not_ended_by_node};
use crate::cases::never_happens::{premise_watched, restarts, watch_for_restarts};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

/// The pod with one container, which is called `main`.
const SINGLE: &str = "single";

/// The pod with two containers.
const TWO: &str = "two";

/// The container that exits with code 0.
const CLEAN: &str = "clean";

/// The container that exits with code 3 at first, and with code 0 after its restart.
const FAULTY: &str = "faulty";

pub(super) const ALWAYS_ON_ZERO: Case = Case {
    id: "restart/always-on-zero",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(exit_once(stage)),
    judge: judge_always,
};

pub(super) const ONFAILURE: Case = Case {
    id: "restart/onfailure",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(CLEAN), Disturbance::ExitOrKubeletKill(FAULTY)],
    drive: |stage| Box::pin(exit_in_two_ways(stage)),
    judge: judge_on_failure,
};

pub(super) const NEVER: Case = Case {
    id: "restart/never",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(fail_and_stay(stage)),
    judge: judge_never,
};

async fn exit_once(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(SINGLE).await?;
    until_restarted_or_ended(stage, &pod, MAIN).await?;
    until_end_reported(stage, &pod, MAIN, 0).await
}

async fn exit_in_two_ways(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(TWO).await?;
    // Also stop at a restart of the clean container: it contradicts the claim, and the pod may then never end.
    until_restarted_or_ended(stage, &pod, CLEAN).await?;
    until_end_reported(stage, &pod, CLEAN, 0).await?;
    until_end_reported(stage, &pod, FAULTY, 0).await
}

async fn fail_and_stay(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(SINGLE).await?;
    until_restarted_or_ended(stage, &pod, MAIN).await?;
    until_end_reported(stage, &pod, MAIN, 0).await?;
    watch_for_restarts(stage, &pod).await
}

async fn until_restarted_or_ended(stage: &Stage, pod: &PodRef, container: &str) -> Result<(), StageError> {
    let what = format!("a restart of container {container}, or the end of pod {}", pod.name);
    let look = |seen: &SeenPod| (count(seen, container) > 0 || seen.is_terminal()).then_some(());
    stage.until_pod(&what, stage.budgets().pod_done(), pod, look).await
}

fn count(seen: &SeenPod, container: &str) -> i32 {
    seen.container(container).map_or(0, |status| status.restart_count)
}

fn judge_always(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SINGLE, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    premise_code(seen, uid, MAIN, 0)?;
    assert_restarted(seen, inquiry, "is-restarted", uid, MAIN)?;
    let terminal = seen.states(uid).find(|state| state.is_terminal());
    let actual = terminal.map_or("", SeenPod::phase);
    inquiry.assert(
        "pod-goes-on",
        terminal.is_none(),
        "no end of the pod",
        actual,
        format!("timeline/{SINGLE}"),
    );
    Ok(())
}

fn judge_on_failure(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(TWO, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    premise_code(seen, uid, CLEAN, 0)?;
    premise_code(seen, uid, FAULTY, 3)?;
    let most = seen.states(uid).map(|state| count(state, CLEAN)).max().unwrap_or_default();
    if most == 0 {
        // A restart may be late, but none comes after the pod has ended.
        Inquiry::premise("the end of the pod", seen.pod(uid)?.is_terminal())?;
    }
    inquiry.assert_equal("zero-is-final", &0, &most, format!("timeline/{TWO}/{CLEAN}"));
    assert_restarted(seen, inquiry, "nonzero-is-restarted", uid, FAULTY)?;
    assert_succeeded(seen, inquiry, "succeeds", uid)
}

fn judge_never(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SINGLE, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    premise_code(seen, uid, MAIN, 3)?;
    let most = seen.states(uid).map(restarts).max().ok_or_else(|| Missing::new("the pod"))?;
    if most == 0 {
        premise_watched(seen)?;
    }
    inquiry.assert_equal("not-restarted", &0, &most, format!("timeline/{SINGLE}/{MAIN}"));
    let last = seen.pod(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    inquiry.assert_equal("pod-fails", &"Failed", &last.phase(), format!("timeline/{SINGLE}"));
    Ok(())
}

fn premise_code(seen: &Evidence, uid: &str, container: &str, code: i32) -> Result<(), Missing> {
    let end = seen.ending(uid, container, 0)?;
    let what = format!("an end of container {container} with exit code {code}");
    Inquiry::premise(&what, end.value.exit_code == code)
}

/// Asserts that a container was restarted. A missing restart counts only after the pod has ended.
fn assert_restarted(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    uid: &str,
    container: &str,
) -> Result<(), Missing> {
    let restarted = seen.has_restarted(uid, container);
    if !restarted {
        Inquiry::premise(
            &format!("a restart of {container}, or the end of its pod"),
            seen.pod(uid)?.is_terminal(),
        )?;
    }
    let actual = format!("restarts: {}", i32::from(restarted));
    inquiry.assert(assertion, restarted, "a restart", actual, format!("timeline/{container}"));
    Ok(())
}
