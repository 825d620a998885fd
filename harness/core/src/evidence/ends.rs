//! Terminated states of containers. Some of them belong to instances that never ran.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

/// Reasons of containers that the runtime created but could not start.
const NOT_STARTED: [&str; 3] = ["StartError", "ContainerCannotRun", "CreateContainerError"];

/// The exit code that kubelets report for a container that could not start. No program of a case exits with it.
const NO_START: i32 = 128;

/// Reasons of containers whose end is unknown. The kubelet reports an exit code nevertheless.
const LOST: [&str; 2] = ["ContainerStatusUnknown", "Unknown"];

/// The reason of a container that the kubelet removed, with an exit code that the kubelet made up.
const REMOVED: &str = "RestartingAllContainers";

/// Returns whether the terminated instance ever ran.
///
/// If the runtime could not start a container, or restarted in the meantime, the kubelet reports the end of an instance
/// that never existed: the start time is missing or in 1970, and the exit code may even be 0.
#[must_use]
pub fn ran(end: &ContainerStateTerminated) -> bool {
    if !has_program_exit_code(end) {
        return true;
    }
    let reason = end.reason.as_deref();
    let started = end.started_at.as_ref().is_some_and(|at| at.0.as_second() > 0);
    started && end.exit_code != NO_START && !reason.is_some_and(|reason| NOT_STARTED.contains(&reason))
}

/// Returns whether the exit code comes from the program.
#[must_use]
pub(super) fn has_program_exit_code(end: &ContainerStateTerminated) -> bool {
    !is_lost(end) && end.reason.as_deref() != Some(REMOVED)
}

/// Returns whether the end is unknown because the kubelet or the runtime was away.
#[must_use]
pub fn is_lost(end: &ContainerStateTerminated) -> bool {
    end.reason.as_deref().is_some_and(|reason| LOST.contains(&reason))
}

/// The end of the current instance, if it ran and ended.
#[must_use]
pub fn ended(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    status.state.as_ref()?.terminated.as_ref().filter(|end| ran(end))
}

/// The end of the previous instance, if it ran.
#[must_use]
pub fn ended_before(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    status.last_state.as_ref()?.terminated.as_ref().filter(|end| ran(end))
}

/// Returns whether the current instance of a container has started.
#[must_use]
pub fn has_started(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some()) || ended(status).is_some()
}

/// Why a container could not be started, now or at its last restart; `None` if the status reports no failed start.
#[must_use]
pub fn not_started(status: &ContainerStatus) -> Option<String> {
    let now_and_before = [&status.state, &status.last_state];
    let mut ends = now_and_before.into_iter().filter_map(|state| state.as_ref()?.terminated.as_ref());
    let end = ends.find(|end| !ran(end))?;
    let reason = end.reason.clone().unwrap_or_else(|| format!("exit code {} without a start", end.exit_code));
    let message = end.message.as_deref().map(|message| format!(": {}", message.trim())).unwrap_or_default();
    Some(format!("{reason}{message}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const START: &str = "2026-01-01T00:00:00Z";

    fn with(state: &str, end: &Value) -> ContainerStatus {
        let mut status =
            json!({ "name": "main", "image": "", "imageID": "", "ready": false, "restartCount": 0 });
        status[state] = json!({ "terminated": end });
        serde_json::from_value(status).expect("a status")
    }

    #[rstest]
    #[case::by_itself(json!({ "exitCode": 0, "reason": "Completed", "startedAt": START }), true)]
    #[case::failed(json!({ "exitCode": 1, "reason": "Error", "startedAt": START }), true)]
    #[case::lost(json!({ "exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": null }), true)]
    #[case::removed(json!({ "exitCode": 137, "reason": "RestartingAllContainers", "startedAt": null }), true)]
    #[case::start_error(json!({ "exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z" }), false)]
    #[case::start_error_with_a_time(json!({ "exitCode": 128, "reason": "StartError", "startedAt": START }), false)]
    #[case::cannot_run(json!({ "exitCode": 127, "reason": "ContainerCannotRun", "startedAt": START }), false)]
    #[case::runtime_restarted(json!({ "exitCode": 0 }), false)]
    #[case::in_1970(json!({ "exitCode": 0, "reason": "Completed", "startedAt": "1970-01-01T00:00:00Z" }), false)]
    fn an_end_counts_only_if_the_instance_started(#[case] end: Value, #[case] ran: bool) {
        let (now, before) = (with("state", &end), with("lastState", &end));
        assert_eq!((ended(&now).is_some(), has_started(&now)), (ran, ran));
        assert_eq!(ended_before(&before).is_some(), ran);
        assert_eq!((not_started(&now).is_none(), not_started(&before).is_none()), (ran, ran));
    }

    #[test]
    fn a_failed_start_shows_its_reason() {
        let end = json!({ "exitCode": 128, "reason": "StartError", "message": "no such file\n" });
        let why = not_started(&with("lastState", &end));
        assert_eq!(why.as_deref(), Some("StartError: no such file"));
        let why = not_started(&with("state", &json!({ "exitCode": 0 })));
        assert_eq!(why.as_deref(), Some("exit code 0 without a start"));
    }
}
