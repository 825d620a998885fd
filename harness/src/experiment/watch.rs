//! Watching one trial until it is over, or nothing goes on in it any more.

use crate::cases::{CONSUMER, PRODUCER};
use crate::evidence::{Observed, SeenPod};
use crate::stage::{Blocked, PodRef, Progress, Stage};

/// The name of the moment at which nothing had gone on in a pod for the whole of the quiet window.
pub(super) fn stall_mark(pod: &str) -> String {
    format!("stalled/{pod}")
}

/// Waits until the exchange in `pod` is over and its starts are known, or marks that it has stalled.
pub(super) async fn until_over(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    // As often as the pod may change its state: each turn ends with the exchange over, stalled, or in another state.
    loop {
        let what = format!("pod {} to be over or idle", pod.name);
        let settled = |seen: &SeenPod| (is_over(seen) || is_idle(seen).is_some()).then(|| is_over(seen));
        let over = stage.until_pod(&what, stage.budgets().pod_done(), pod, settled).await?;
        if over {
            return until_told(stage, pod).await;
        }
        let what = format!("pod {} to go on", pod.name);
        let mut before = None;
        let look = |seen: &Observed| {
            let now = progress(seen, pod);
            if *before.get_or_insert(now) == now { Progress::NotYet } else { Progress::Met(()) }
        };
        let gone_on = stage.unless(&what, stage.budgets().stall(), look).await?;
        if gone_on.is_none() {
            stage.mark(&stall_mark(&pod.name));
            return Ok(());
        }
    }
}

/// Waits until both containers have told of their starts, by event and in their logs. The exchange can be lost before the
/// second has begun; and a trial is one without the times as well.
async fn until_told(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    let look = |seen: &Observed| {
        let told = |container: &&str| {
            let log = seen.log(&pod.uid, container, 0);
            let identity = log.is_some_and(|log| log.complete || log.report("identity").is_some());
            identity && seen.started_at(&pod.uid, container).is_some()
        };
        if [PRODUCER, CONSUMER].iter().all(told) { Progress::Met(()) } else { Progress::NotYet }
    };
    let what = format!("the starts to be told of ({})", pod.name);
    stage.unless(&what, stage.budgets().event(), look).await.map(drop)
}

/// How far a pod has come: its states and what its containers have logged.
fn progress(seen: &Observed, pod: &PodRef) -> (usize, usize) {
    let states = seen.timeline.iter().filter(|state| state.uid() == pod.uid).count();
    let lines = seen.logs.iter().filter(|log| log.uid == pod.uid).map(|log| log.lines.len()).sum();
    (states, lines)
}

/// Whether the exchange is over: the pod has ended, or its consumer has failed and is never restarted.
pub(super) fn is_over(seen: &SeenPod) -> bool {
    let failed = || {
        let ended = seen.container(CONSUMER)?.state.as_ref()?.terminated.as_ref()?;
        Some(ended.exit_code != 0)
    };
    seen.is_terminal() || (failed().unwrap_or(false) && !restarts(seen, CONSUMER))
}

/// Whether a container that fails is restarted, by its own policy or by that of its pod.
fn restarts(seen: &SeenPod, container: &str) -> bool {
    let Some(spec) = &seen.pod.spec else { return false };
    let own = spec.containers.iter().find(|other| other.name == container);
    let own = own.and_then(|container| container.restart_policy.as_deref());
    own.or(spec.restart_policy.as_deref()) != Some("Never")
}

/// What runs in a pod in which nothing is about to begin or to be restarted, where that is so: its containers have ended
/// or run, or wait for an init container that runs.
pub(super) fn is_idle(seen: &SeenPod) -> Option<String> {
    let mut running = Vec::new();
    for status in seen.containers() {
        let state = status.state.as_ref()?;
        let waits = state.waiting.as_ref().map(|waiting| waiting.reason.as_deref().unwrap_or_default());
        match waits {
            Some("PodInitializing") if !running.is_empty() => {}
            Some(_) => return None,
            None if state.running.is_some() => running.push(status.name.as_str()),
            None => {
                let failed = state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0);
                if failed && restarts(seen, &status.name) {
                    return None;
                }
            }
        }
    }
    (!running.is_empty()).then(|| format!("waiting: {}", running.join(", ")))
}
