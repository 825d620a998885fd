//! What must not happen, watched for the whole of the quiet window.

use std::time::Duration;

use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::stage::{Blocked, PodRef, Progress, Stage};

/// The moment at which the whole of the window has been watched.
const WATCHED: &str = "watched";

/// Watches for the whole of the quiet window whether a container of `pod` is restarted.
pub(super) async fn watch_for_restarts(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    watch(stage, "a restart", |seen| seen.pod(&pod.uid).is_some_and(|seen| restarts(seen) > 0)).await
}

/// Watches for the whole of the quiet window whether `look` comes true.
pub(super) async fn watch(
    stage: &Stage,
    what: &str,
    look: impl Fn(&Observed) -> bool,
) -> Result<(), Blocked> {
    watch_for(stage, what, stage.budgets().quiet_window(), look).await
}

/// Watches until `look` comes true, for the whole of `window` where it does not.
pub(super) async fn watch_for(
    stage: &Stage,
    what: &str,
    window: Duration,
    look: impl Fn(&Observed) -> bool,
) -> Result<(), Blocked> {
    let progress = |seen: &Observed| if look(seen) { Progress::Met(()) } else { Progress::NotYet };
    if stage.unless(what, window, progress).await?.is_none() {
        stage.mark(WATCHED);
    }
    Ok(())
}

/// Requires that the whole of the window was watched: that nothing happened counts only then.
pub(super) fn watched(seen: &Evidence) -> Result<(), Missing> {
    seen.mark(WATCHED).map(drop)
}

/// How often the containers of a pod were restarted, all together.
pub(super) fn restarts(seen: &SeenPod) -> i32 {
    seen.containers().map(|status| status.restart_count).sum()
}
