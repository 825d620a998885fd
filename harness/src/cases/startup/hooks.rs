//! postStart hooks: what waits for them, and what comes of one that fails.

use crate::cases::case::Case;
use crate::cases::comeback::until_end_told;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

use super::later::{IN_VAIN, assert_begins, begins_in_time, comes_in_time, met_if};

const POD: &str = "two";
const FIRST: &str = "first";
const SECOND: &str = "second";

/// What the hook leaves when it ends.
const LEFT: &str = "/sync/hook-ended";

/// The reason of the event about a hook that failed.
const FAILED: &str = "FailedPostStartHook";

pub(super) const POSTSTART_BLOCKS: Case = Case {
    id: "startup/poststart-blocks",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(start_behind_a_hook(stage)),
    judge: judge_order,
};

pub(super) const POSTSTART_FAILURE: Case = Case {
    id: "startup/poststart-failure",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(FIRST), Expected::FailedHook(FIRST)],
    drive: |stage| Box::pin(fail_a_hook(stage)),
    judge: judge_failure,
};

async fn start_behind_a_hook(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, SECOND, 0, "stat").await?;
    // Whichever came first, the hook must have come.
    stage.probe("hook-ended", &pod, SECOND, &["wait-for", "--path", LEFT]).await?;
    stage.until_running(&pod).await
}

fn judge_order(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let ended = seen.exec_report("hook-ended", "wait-for")?;
    Inquiry::premise("a hook that came to its end", ended.value.ok())?;
    // A container whose hook was cut off is ended before another starts, and started again with its hook.
    let first_try =
        |state: &SeenPod| state.runs(FIRST) && !state.has_restarted(FIRST) && state.has_begun(SECOND);
    Inquiry::premise("a hook that came to its end at the first try", seen.states(uid).any(first_try))?;
    let left = seen.log_report(uid, SECOND, 0, "stat")?;
    let there = left.value.present()?;
    say.assert(
        "hook-comes-first",
        there,
        "the file that the hook leaves",
        left.value.to_string(),
        left.pointer,
    );
    Ok(())
}

async fn fail_a_hook(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    let begun = |seen: &Observed| met_if(seen.has_begun(&pod.uid, FIRST));
    stage.until("the start of the first container", stage.budgets().pod_running(), begun).await?;
    if !begins_in_time(stage, &pod, SECOND).await? {
        return Ok(());
    }
    let restarted = |seen: &Observed| seen.has_restarted(&pod.uid, FIRST);
    if !comes_in_time(stage, "a restart of the first", &pod, restarted).await? {
        return Ok(());
    }
    let reported =
        |seen: &Observed| met_if(seen.events.iter().any(|event| event.is_about(&pod.uid, FIRST, FAILED)));
    stage.until("the event of the failed hook", stage.budgets().pod_running(), reported).await?;
    until_end_told(stage, &pod, FIRST, 0).await
}

fn judge_failure(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a first container that has begun", seen.has_begun(uid, FIRST))?;
    if !seen.has_begun(uid, SECOND) {
        return assert_begins(seen, say, "second-starts", (uid, SECOND));
    }
    say.assert("second-starts", true, "", "", "");
    let restarts = seen.container(uid, FIRST)?;
    // Whether in time or after it: a slow kubelet contradicts nothing.
    let restarted = seen.has_restarted(uid, FIRST);
    if !restarted {
        // That nothing happened counts only when it was waited for long enough.
        seen.mark(IN_VAIN)?;
    }
    let told = if restarts.value.running { "the first instance running" } else { "no second instance" };
    say.assert("first-is-restarted", restarted, "a second instance", told, restarts.pointer);
    if !restarted {
        return Ok(());
    }
    // The container's own program holds until it is told to end.
    let end = seen.ending(uid, FIRST, 0)?;
    Inquiry::premise(
        "an end that is not for lack of memory",
        end.value.reason.as_deref() != Some("OOMKilled"),
    )?;
    let code = end.value.exit_code;
    say.assert("first-is-killed", code != 0, "the end by a signal", format!("exit code {code}"), end.pointer);
    let event = seen.event_about(uid, FIRST, FAILED)?;
    let kind = event.event.type_.as_deref().unwrap_or_default();
    say.assert_equal("failure-is-told", &"Warning", &kind, "events");
    Ok(())
}
