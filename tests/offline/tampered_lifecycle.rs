//! What contradicts the assertions about the life of a pod.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use podproof::evidence::Evidence;

use crate::judge_tampered::{
    Tampering, end_in_phase, in_exec, in_log, last_init, last_status, log, repeat_last_state,
};

pub(crate) const ROWS: &[Tampering] = &[
    ("lifecycle/one-fails-then-failed", "not-failed-too-early", |e| {
        for seen in &mut e.timeline {
            seen.pod.status.as_mut().unwrap().phase = Some("Failed".to_owned());
        }
    }),
    ("lifecycle/one-fails-then-failed", "failed-at-the-end", |e| end_in_phase(e, "Succeeded")),
    ("lifecycle/partial-failure-running", "pod-is-running", |e| end_in_phase(e, "Failed")),
    ("lifecycle/partial-failure-running", "pod-is-not-ready", |e| {
        let status = e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
        let mut conditions = status.conditions.as_mut().unwrap().iter_mut();
        "True".clone_into(&mut conditions.find(|condition| condition.type_ == "Ready").unwrap().status);
    }),
    ("lifecycle/partial-failure-running", "other-goes-on", |e| {
        in_exec(e, "still-there", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("lifecycle/grace-period", "killed-in-the-end", |e| in_log(e, ("main", 0), "tick", "ends")),
    ("lifecycle/grace-period", "not-before-its-time", killed_at_once),
    ("lifecycle/term-reaches-all", "each-gets-term", |e| in_log(e, ("witness", 0), " second", "")),
    ("lifecycle/prestop-before-term", "hook-is-over-before-term", |e| {
        in_log(e, ("main", 0), "hook over", "hook not over");
    }),
    ("lifecycle/deadline-exceeded", "pod-fails", |e| end_in_phase(e, "Succeeded")),
    ("lifecycle/deadline-exceeded", "reason-is-told", |e| {
        e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap().reason = None;
    }),
    ("lifecycle/init-failure-fails-the-pod", "pod-fails", |e| end_in_phase(e, "Succeeded")),
    ("lifecycle/init-failure-fails-the-pod", "init-is-not-retried", |e| {
        repeat_last_state(e);
        last_init(e).restart_count = 1;
    }),
    ("lifecycle/init-failure-fails-the-pod", "app-never-starts", |e| {
        repeat_last_state(e);
        last_status(e, "main").restart_count = 1;
    }),
];

/// Nothing is heard of the container after TERM, and the status tells that it ended then.
fn killed_at_once(evidence: &mut Evidence) {
    let lines = &mut log(evidence, ("main", 0)).lines;
    let term = lines.iter().position(|line| line.text == "TERM").unwrap();
    lines.truncate(term + 1);
    let at = lines[term].at.unwrap();
    let mut end = ContainerStateTerminated { exit_code: 137, ..ContainerStateTerminated::default() };
    end.finished_at = Some(Time(at));
    let state = ContainerState { terminated: Some(end), ..ContainerState::default() };
    last_status(evidence, "main").state = Some(state);
}
