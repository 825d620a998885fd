//! What must not happen, watched for as long as it would take.

use std::time::Duration;

use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::stage::{Blocked, PodRef, Progress, Stage};

/// The moment at which the whole of the window has been watched.
const WATCHED: &str = "watched";

/// Watches whether a container of `pod` is restarted, for as long as a restart takes on its node now.
pub(super) async fn watch_for_restarts(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    watch_kubelet(stage, "a restart", pod, |seen| seen.pod(&pod.uid).is_some_and(|seen| restarts(seen) > 0))
        .await
        .map(drop)
}

/// Watches for the whole of the quiet window whether `look` comes true.
pub(super) async fn watch(
    stage: &Stage,
    what: &str,
    look: impl Fn(&Observed) -> bool,
) -> Result<(), Blocked> {
    watch_for(stage, what, stage.budgets().quiet_window(), look).await
}

/// Watches whether `look` comes true through the kubelet of `pod`: until a container that ends only now, in a pod of its
/// own, has been restarted there, and for the whole of the quiet window after that. Says whether it came true.
pub(super) async fn watch_kubelet(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observed) -> bool,
) -> Result<bool, Blocked> {
    comes_before_a_control(stage, what, pod, &look).await?;
    comes_true(stage, what, stage.budgets().quiet_window(), look).await
}

/// Whether `look` comes true before the kubelet of `pod` has restarted a container that begins only now, in a pod of its own.
pub(super) async fn comes_before_a_control(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observed) -> bool,
) -> Result<bool, Blocked> {
    let control = stage.create_control(pod).await?;
    let restarted = |seen: &Observed| seen.pod(&control.uid).is_some_and(|seen| restarts(seen) > 0);
    let either = |seen: &Observed| {
        let came = look(seen);
        if came || restarted(seen) { Progress::Met(came) } else { Progress::NotYet }
    };
    let patience = stage.budgets().pod_running() + stage.budgets().restart();
    stage.until(&format!("{what}, or the restart of a control"), patience, either).await
}

/// Watches until `look` comes true, for the whole of `window` where it does not.
pub(super) async fn watch_for(
    stage: &Stage,
    what: &str,
    window: Duration,
    look: impl Fn(&Observed) -> bool,
) -> Result<(), Blocked> {
    comes_true(stage, what, window, look).await.map(drop)
}

async fn comes_true(
    stage: &Stage,
    what: &str,
    window: Duration,
    look: impl Fn(&Observed) -> bool,
) -> Result<bool, Blocked> {
    let progress = |seen: &Observed| if look(seen) { Progress::Met(()) } else { Progress::NotYet };
    let came = stage.unless(what, window, progress).await?.is_some();
    if !came {
        stage.mark(WATCHED);
    }
    Ok(came)
}

/// Requires that the whole of the window was watched: that nothing happened counts only then.
pub(super) fn watched(seen: &Evidence) -> Result<(), Missing> {
    seen.mark(WATCHED).map(drop)
}

/// How often the containers of a pod were restarted, all together.
pub(super) fn restarts(seen: &SeenPod) -> i32 {
    seen.containers().map(|status| status.restart_count).sum()
}
