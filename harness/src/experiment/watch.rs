//! Observes a trial until it is over or stalled.

use crate::cases::{CONSUMER, PRODUCER};
use crate::stage::{PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Observations, SeenPod};

/// The name of the mark for a pod in which nothing happened during a whole quiet window.
pub(super) fn stall_mark(pod: &str) -> String {
    format!("stalled/{pod}")
}

/// Waits until the exchange in `pod` is over and its starts are known, or marks that it has stalled.
pub(super) async fn until_over(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    // Each round ends with the exchange over, stalled, or in another state. Pods have only a finite number of states.
    loop {
        let what = format!("pod {} to be over or idle", pod.name);
        let settled = |seen: &SeenPod| (is_over(seen) || is_idle(seen).is_some()).then(|| is_over(seen));
        let over = stage.until_pod(&what, stage.budgets().pod_done(), pod, settled).await?;
        if over {
            return until_starts_reported(stage, pod).await;
        }
        let what = format!("pod {} to make progress", pod.name);
        let mut before = None;
        let look = |seen: &Observations| {
            let now = progress(seen, pod);
            if *before.get_or_insert(now) == now { Progress::NotYet } else { Progress::Met(()) }
        };
        let progressed = stage.observe_for(&what, stage.budgets().stall(), look).await?;
        if progressed.is_none() {
            stage.mark(&stall_mark(&pod.name));
            return Ok(());
        }
    }
}

/// Waits until the starts of both containers are reported, by event and in their logs. An exchange may be lost before
/// the second container starts. A trial also counts without these times.
async fn until_starts_reported(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    let look = |seen: &Observations| {
        let is_reported = |container: &&str| {
            let log = seen.log(&pod.uid, container, 0);
            let identity = log.is_some_and(|log| log.complete || log.report("identity").is_some());
            identity && seen.first_start_nanos(&pod.uid, container).is_some()
        };
        if [PRODUCER, CONSUMER].iter().all(is_reported) { Progress::Met(()) } else { Progress::NotYet }
    };
    let what = format!("the starts to be reported ({})", pod.name);
    stage.observe_for(&what, stage.budgets().event(), look).await.map(drop)
}

/// The progress of a pod: the number of its states and of its containers' log lines.
fn progress(seen: &Observations, pod: &PodRef) -> (usize, usize) {
    let states = seen.timeline.iter().filter(|state| state.uid() == pod.uid).count();
    let lines = seen.logs.iter().filter(|log| log.uid == pod.uid).map(|log| log.lines.len()).sum();
    (states, lines)
}

/// Returns whether the exchange is over: the pod has ended, or its consumer has failed and will not be restarted.
pub(super) fn is_over(seen: &SeenPod) -> bool {
    let failed = || {
        let ended = seen.container(CONSUMER)?.state.as_ref()?.terminated.as_ref()?;
        Some(ended.exit_code != 0)
    };
    seen.is_terminal() || (failed().unwrap_or(false) && !restarts(seen, CONSUMER))
}

/// Returns whether a failed container is restarted, by its own restart policy or by that of its pod.
fn restarts(seen: &SeenPod, container: &str) -> bool {
    let Some(spec) = &seen.pod.spec else { return false };
    let own = spec.containers.iter().find(|other| other.name == container);
    let own = own.and_then(|container| container.restart_policy.as_deref());
    own.or(spec.restart_policy.as_deref()) != Some("Never")
}

/// Describes what runs in an idle pod; `None` if the pod is not idle. In an idle pod nothing is about to start or
/// restart: each container has ended, runs, or waits for an init container that runs.
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
