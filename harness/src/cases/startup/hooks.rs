//! `postStart` hooks: they delay later containers, and a failed hook ends its container.

use crate::cases::case::Case;
use crate::cases::container_restart::until_end_reported;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

use super::later::{TIMED_OUT, assert_starts, happens_in_time, met_if, starts_in_time};

const POD: &str = "two";
const FIRST: &str = "first";
const SECOND: &str = "second";

/// The file that the hook writes when it ends.
const HOOK_FILE: &str = "/sync/hook-ended";

/// The reason of the event about a failed hook.
const FAILED: &str = "FailedPostStartHook";

pub(super) const POSTSTART_BLOCKS: Case = Case {
    id: "startup/poststart-blocks",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start_after_hook(stage)),
    judge: judge_order,
};

pub(super) const POSTSTART_FAILURE: Case = Case {
    id: "startup/poststart-failure",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(FIRST), Disturbance::FailedHook(FIRST)],
    drive: |stage| Box::pin(fail_a_hook(stage)),
    judge: judge_failure,
};

async fn start_after_hook(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, SECOND, 0, "stat").await?;
    // In either order, the hook must have ended.
    stage.probe("hook-ended", &pod, SECOND, &["wait-for", "--path", HOOK_FILE]).await?;
    stage.until_running(&pod).await
}

fn judge_order(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let ended = seen.exec_report("hook-ended", "wait-for")?;
    Inquiry::premise("a hook that ran to its end", ended.value.ok())?;
    // If a hook is cut off, the kubelet restarts its container before it starts another, and runs the hook again.
    let first_try = |state: &SeenPod| {
        state.is_running(FIRST) && !state.has_restarted(FIRST) && state.has_ever_started(SECOND)
    };
    Inquiry::premise("a hook that ran to its end at the first try", seen.states(uid).any(first_try))?;
    let left = seen.log_report(uid, SECOND, 0, "stat")?;
    let exists = left.value.present()?;
    inquiry.assert(
        "hook-comes-first",
        exists,
        "the file that the hook writes",
        left.value.to_string(),
        left.pointer,
    );
    Ok(())
}

async fn fail_a_hook(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let begun = |seen: &Observations| met_if(seen.has_ever_started(&pod.uid, FIRST));
    stage.until("the start of the first container", stage.budgets().pod_running(), begun).await?;
    if !starts_in_time(stage, &pod, SECOND).await? {
        return Ok(());
    }
    let restarted = |seen: &Observations| seen.has_restarted(&pod.uid, FIRST);
    if !happens_in_time(stage, "a restart of the first", &pod, restarted).await? {
        return Ok(());
    }
    let reported =
        |seen: &Observations| met_if(seen.events.iter().any(|event| event.is_about(&pod.uid, FIRST, FAILED)));
    stage.until("the event of the failed hook", stage.budgets().pod_running(), reported).await?;
    until_end_reported(stage, &pod, FIRST, 0).await
}

fn judge_failure(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a first container that has started", seen.has_ever_started(uid, FIRST))?;
    if !seen.has_ever_started(uid, SECOND) {
        return assert_starts(seen, inquiry, "second-starts", (uid, SECOND));
    }
    inquiry.assert("second-starts", true, "", "", "");
    let restarts = seen.container(uid, FIRST)?;
    // A late restart counts too: a slow kubelet does not contradict the claim.
    let restarted = seen.has_restarted(uid, FIRST);
    if !restarted {
        // Without a restart, the drive must have waited for long enough.
        seen.mark(TIMED_OUT)?;
    }
    let actual = if restarts.value.running { "the first instance running" } else { "no second instance" };
    inquiry.assert("first-is-restarted", restarted, "a second instance", actual, restarts.pointer);
    if !restarted {
        return Ok(());
    }
    // The container's own program runs until it gets a signal.
    let end = seen.ending(uid, FIRST, 0)?;
    Inquiry::premise("an end other than an OOM kill", end.value.reason.as_deref() != Some("OOMKilled"))?;
    let code = end.value.exit_code;
    inquiry.assert(
        "first-is-killed",
        code != 0,
        "the end by a signal",
        format!("exit code {code}"),
        end.pointer,
    );
    let event = seen.event_about(uid, FIRST, FAILED)?;
    let kind = event.event.type_.as_deref().unwrap_or_default();
    inquiry.assert_equal("failure-is-told", &"Warning", &kind, "events");
    Ok(())
}
