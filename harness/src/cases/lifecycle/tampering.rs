//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::Evidence;

use crate::tampering::{
    Tampering, each_end, each_init, end_in_phase, in_all_logs, last_init, last_status, log, on_node,
    repeat_last_state, replace_in_exec, replace_in_log, volume_stays, watch_to_the_end,
};

pub(crate) const ROWS: &[Tampering] = &[
    ("lifecycle/never-completes", "not-restarted", |e| {
        repeat_last_state(e);
        last_status(e, "producer").restart_count = 1;
    }),
    ("lifecycle/never-completes", "succeeds", |e| end_in_phase(e, "Failed")),
    ("lifecycle/never-completes", "phases-go-forward", |e| {
        let pending = e.timeline[0].clone();
        let mut running = pending.clone();
        running.pod.status.as_mut().unwrap().phase = Some("Running".to_owned());
        e.timeline.splice(0..0, [running, pending]);
    }),
    ("lifecycle/never-completes", "shows-0-of-2-completed", |e| last_status(e, "consumer").ready = true),
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
        let ready = conditions.find(|condition| condition.type_ == "Ready").unwrap();
        "True".clone_into(&mut ready.status);
    }),
    ("lifecycle/partial-failure-running", "other-goes-on", |e| {
        replace_in_exec(e, "still-there", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("lifecycle/grace-period", "killed-in-the-end", |e| replace_in_log(e, ("main", 0), "tick", "ends")),
    ("lifecycle/grace-period", "not-before-its-time", killed_at_once),
    ("lifecycle/term-reaches-all", "each-gets-term", |e| {
        in_all_logs(e, " second", "");
        add_later_look(e, SignedDuration::from_secs(25));
    }),
    ("lifecycle/prestop-before-term", "hook-is-over-before-term", |e| {
        replace_in_log(e, ("main", 0), "hook over", "hook not over");
        let log = log(e, ("main", 0));
        let mut line = log.lines[0].clone();
        "hook ended".clone_into(&mut line.text);
        log.lines.push(line);
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
    ("lifecycle/terminal-before-delete", "ends-before-it-goes", |e| end_in_phase(e, "Running")),
    ("lifecycle/sidecar-reverse-order", "sidecars-come-last", |e| term_later(e, "app")),
    ("lifecycle/sidecar-reverse-order", "in-reverse-order", |e| term_later(e, "s2")),
    ("lifecycle/sidecar-always-restarts", "sidecar-is-restarted", |e| {
        each_init(e, |status| status.restart_count = 0);
        watch_to_the_end(e);
    }),
    ("lifecycle/sidecar-always-restarts", "app-goes-on", |e| {
        replace_in_exec(e, "app-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("lifecycle/sidecar-exit-ignored", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("lifecycle/api-gone-implies-volume-gone", "volume-went-first", volume_stays),
    ("lifecycle/associated-uid", "new-uid-has-its-own", |e| {
        let absent = on_node(e, "volume-after").stdout.clone();
        on_node(e, "volume-of-the-new").stdout = absent;
    }),
    ("lifecycle/associated-uid", "old-uid-has-none", volume_stays),
];

/// Removes the log after TERM, and makes the status say that the container ended at TERM.
fn killed_at_once(evidence: &mut Evidence) {
    let lines = &mut log(evidence, ("main", 0)).lines;
    let term = lines.iter().position(|line| line.text == "TERM").unwrap();
    lines.truncate(term + 1);
    let at = lines[term].at.unwrap();
    each_end(evidence, "main", |end| end.finished_at = Some(Time(at)));
    let mut end = ContainerStateTerminated { exit_code: 137, ..ContainerStateTerminated::default() };
    end.started_at = Some(Time(at));
    end.finished_at = Some(Time(at));
    let state = ContainerState { terminated: Some(end), ..ContainerState::default() };
    last_status(evidence, "main").state = Some(state);
}

/// Makes a container report its end later than all others.
fn term_later(evidence: &mut Evidence, container: &str) {
    let lines = &mut log(evidence, (container, 0)).lines;
    let line = lines.iter_mut().find(|line| line.text.contains("ended")).unwrap();
    line.text = line.text.replacen(r#""monotonic_ns":"#, r#""monotonic_ns":9"#, 1);
}

/// Repeats the last look of the observing container, `later` after it.
pub(crate) fn add_later_look(evidence: &mut Evidence, later: SignedDuration) {
    let log = log(evidence, ("witness", 0));
    let mut look = log.lines.iter().rfind(|line| line.text.starts_with("found:")).unwrap().clone();
    look.at = look.at.map(|at| at + later);
    log.lines.push(look);
}
