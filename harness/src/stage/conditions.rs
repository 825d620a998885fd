//! Conditions that a drive can wait for, and states in which waiting is hopeless.

use k8s_openapi::api::core::v1::ContainerStatus;

use super::refs::PodRef;
use podproof_core::evidence::{LogText, Observations, SeenPod, WatchChange, ended, ended_before, ran};

/// The state of an awaited condition.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It holds.
    Met(T),
    /// It may still come to hold.
    NotYet,
    /// It cannot hold any more, for this reason.
    Hopeless(String),
}

/// The reason why a pod cannot make progress on its own.
#[derive(Debug, PartialEq, Eq)]
pub struct StuckPod(pub String);

/// Reasons of a waiting container that do not go away by themselves.
const STUCK: [&str; 8] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// Returns why this pod cannot make progress on its own, if its status says so.
#[must_use]
pub fn stuck(seen: &SeenPod) -> Option<StuckPod> {
    let waiting = seen.containers().find_map(|status| {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.as_deref().filter(|reason| STUCK.contains(reason))?;
        let message = waiting.message.as_deref().unwrap_or_default();
        Some(format!("container {} is stuck in {reason}: {message}", status.name))
    });
    let conditions = || seen.pod.status.as_ref().and_then(|status| status.conditions.as_deref());
    let unschedulable = || {
        let condition = conditions()?.iter().find(|condition| {
            condition.type_ == "PodScheduled"
                && condition.status == "False"
                && condition.reason.as_deref() == Some("Unschedulable")
        })?;
        let message = condition.message.as_deref().unwrap_or_default();
        Some(format!("pod {} is unschedulable: {message}", seen.name()))
    };
    let refused = || {
        let status = seen.pod.status.as_ref()?;
        let reason = status.reason.as_deref().filter(|_| seen.phase() == "Failed")?;
        let message = status.message.as_deref().unwrap_or_default();
        Some(format!("pod {} failed: {reason}: {message}", seen.name()))
    };
    waiting.or_else(unschedulable).or_else(refused).map(StuckPod)
}

/// Describes the state of a pod in one line.
pub(super) fn summary(seen: &SeenPod) -> String {
    let containers: Vec<_> = seen
        .containers()
        .map(|status| format!("{} {} (restarts {})", status.name, state_word(status), status.restart_count))
        .collect();
    let phase = if seen.change == WatchChange::Deleted { "gone" } else { seen.phase() };
    format!("pod {} {phase} [{}]", seen.name(), containers.join(", "))
}

/// The number of characters of a log's last line that are shown.
const SHOWN: usize = 80;

/// Describes in one line how far the log of a container instance was read.
pub(super) fn log_summary(
    observed: &Observations,
    (pod, container, restart): (&PodRef, &str, i32),
) -> String {
    let Some(log) = observed.log(&pod.uid, container, restart) else {
        return format!("no log of instance {restart} of container {container}");
    };
    let last: String = log.texts().last().unwrap_or_default().chars().take(SHOWN).collect();
    let lines = log.lines.len();
    format!("the log of instance {restart} of container {container} with {lines} lines, the last {last:?}")
}

fn state_word(status: &ContainerStatus) -> String {
    let Some(state) = &status.state else { return "unknown".to_owned() };
    if state.running.is_some() {
        "running".to_owned()
    } else if let Some(end) = &state.terminated {
        if ran(end) { format!("exited {}", end.exit_code) } else { "not started".to_owned() }
    } else {
        let reason = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
        reason.unwrap_or("waiting").to_owned()
    }
}

/// Applies `look` to the last state of `pod`. Hopeless if the pod is gone, stuck or, unless `look` accepts that, ended.
pub(super) fn of_pod<T>(
    observed: &Observations,
    pod: &PodRef,
    look: impl FnOnce(&SeenPod) -> Option<T>,
) -> Progress<T> {
    let Some(seen) = observed.pod(&pod.uid) else { return Progress::NotYet };
    if let Some(found) = look(seen) {
        return Progress::Met(found);
    }
    if let Some(StuckPod(why)) = stuck(seen) {
        return Progress::Hopeless(why);
    }
    if seen.change == WatchChange::Deleted || seen.is_terminal() {
        return Progress::Hopeless(format!("it has ended: {}", summary(seen)));
    }
    Progress::NotYet
}

/// `Some` if every container of the pod runs.
pub(super) fn all_running(seen: &SeenPod) -> Option<()> {
    let spec = seen.pod.spec.as_ref()?;
    let statuses = seen.pod.status.as_ref()?.container_statuses.as_deref()?;
    let runs = |status: &ContainerStatus| status.state.as_ref().is_some_and(|state| state.running.is_some());
    (statuses.len() == spec.containers.len() && statuses.iter().all(runs)).then_some(())
}

/// `Some` if the container runs and was restarted at least `at_least` times.
pub(super) fn running_again(seen: &SeenPod, container: &str, at_least: i32) -> Option<()> {
    let status = seen.container(container)?;
    let running = status.state.as_ref()?.running.is_some();
    (running && status.restart_count >= at_least).then_some(())
}

/// `Some` if the container has ended, now or in its previous instance.
pub(super) fn has_ended(seen: &SeenPod, container: &str) -> Option<()> {
    let status = seen.container(container)?;
    (ended(status).is_some() || ended_before(status).is_some()).then_some(())
}

/// Applies `look` to the log of a container instance. Hopeless if the log ended, broke or was cut before it matched.
pub(super) fn of_log<T>(
    observed: &Observations,
    (pod, container, restart): (&PodRef, &str, i32),
    look: impl FnOnce(&LogText) -> Option<T>,
) -> Progress<T> {
    let Some(log) = observed.log(&pod.uid, container, restart) else {
        return of_pod(observed, pod, |_| None);
    };
    match look(log) {
        Some(found) => Progress::Met(found),
        None if log.complete => {
            Progress::Hopeless(format!("the log of container {container} ended without it"))
        }
        None if log.cut => Progress::Hopeless(format!("the log of container {container} is too large")),
        None => match &log.broken {
            Some(why) => Progress::Hopeless(format!("the log of container {container} broke: {why}")),
            None => Progress::NotYet,
        },
    }
}

/// Returns whether the log of every ended container instance is complete or broken.
pub(super) fn ended_logs_are_complete(observed: &Observations) -> bool {
    observed.logs.iter().all(|log| {
        let status = observed.pod(&log.uid).and_then(|seen| seen.container(&log.container));
        let still_runs = status.is_some_and(|status| {
            status.restart_count == log.restart
                && status.state.as_ref().is_none_or(|state| state.terminated.is_none())
        });
        still_runs || log.complete || log.broken.is_some()
    })
}
