//! Watching that something does not happen, for as long as it would take to happen.

use std::time::Duration;

use crate::stage::{PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};

/// The mark set when the whole window has been watched and nothing happened.
const WATCHED: &str = "watched";

/// Watches for a restart of a container of `pod`, for as long as a restart currently takes on its node.
pub(super) async fn watch_for_restarts(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    watch_with_control(stage, "a restart", pod, |seen| {
        seen.pod(&pod.uid).is_some_and(|seen| restarts(seen) > 0)
    })
    .await
    .map(drop)
}

/// Watches for the quiet window, and stops early if `look` is met.
pub(super) async fn watch_quiet_window(
    stage: &Stage,
    what: &str,
    look: impl Fn(&Observations) -> bool,
) -> Result<(), StageError> {
    watch_window(stage, what, stage.budgets().quiet_window(), look).await
}

/// Watches for something that the kubelet of `pod` would do, and returns whether `look` was met. Watches until the same
/// kubelet has restarted the container of a new control pod, and for the quiet window after that.
pub(super) async fn watch_with_control(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observations) -> bool,
) -> Result<bool, StageError> {
    happens_before_control_restart(stage, what, pod, &look).await?;
    happens_within(stage, what, stage.budgets().quiet_window(), look).await
}

/// Creates a control pod on the node of `pod`, and returns whether `look` was met before the kubelet restarted the
/// control.
pub(super) async fn happens_before_control_restart(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observations) -> bool,
) -> Result<bool, StageError> {
    let control = stage.create_control(pod).await?;
    let restarted = |seen: &Observations| seen.pod(&control.uid).is_some_and(|seen| restarts(seen) > 0);
    let either = |seen: &Observations| {
        let is_met = look(seen);
        if is_met || restarted(seen) { Progress::Met(is_met) } else { Progress::NotYet }
    };
    let budget = stage.budgets().pod_running() + stage.budgets().restart();
    stage.until(&format!("{what}, or the restart of the control pod"), budget, either).await
}

/// Watches for `window`, and stops early if `look` is met.
pub(super) async fn watch_window(
    stage: &Stage,
    what: &str,
    window: Duration,
    look: impl Fn(&Observations) -> bool,
) -> Result<(), StageError> {
    happens_within(stage, what, window, look).await.map(drop)
}

async fn happens_within(
    stage: &Stage,
    what: &str,
    window: Duration,
    look: impl Fn(&Observations) -> bool,
) -> Result<bool, StageError> {
    let progress = |seen: &Observations| if look(seen) { Progress::Met(()) } else { Progress::NotYet };
    let happened = stage.observe_for(what, window, progress).await?.is_some();
    if !happened {
        stage.mark(WATCHED);
    }
    Ok(happened)
}

/// Requires that the whole window was watched. Otherwise it is unknown whether nothing would have happened.
pub(super) fn premise_watched(seen: &Evidence) -> Result<(), Missing> {
    seen.mark(WATCHED).map(drop)
}

/// Returns the sum of the restart counts of the pod's containers.
pub(super) fn restarts(seen: &SeenPod) -> i32 {
    seen.containers().map(|status| status.restart_count).sum()
}
