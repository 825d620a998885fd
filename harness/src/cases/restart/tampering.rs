//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateWaiting};
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::{Evidence, SeenEvent};

use crate::tampering::{
    ABSENT, PRESENT, Tampering, before, each_end, each_init, each_status, end_in_phase, in_requested_log,
    last_init, last_status, log, repeat_last_state, replace_in_exec, replace_in_log, started_once,
    watch_to_the_end,
};

pub(crate) const ROWS: &[Tampering] = &[
    ("restart/identity", "new-container", |e| {
        each_status(e, "main", |status| {
            if let Some(before) = before(status) {
                status.container_id = before.container_id.clone();
            }
        });
    }),
    ("restart/identity", "restart-is-counted", |e| {
        repeat_last_state(e);
        last_status(e, "main").restart_count = 2;
    }),
    ("restart/identity", "last-state-is-kept", |e| {
        each_status(e, "main", |status| {
            if let Some(before) = before(status) {
                before.container_id = Some("containerd://another".to_owned());
            }
        });
    }),
    ("restart/identity", "same-ip", |e| {
        e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap().pod_ip = Some("10.9.9.9".to_owned());
    }),
    ("restart/identity", "same-namespaces", |e| replace_in_log(e, ("main", 1), "uts:[", "uts:[9")),
    ("restart/identity", "sibling-goes-on", |e| {
        replace_in_exec(e, "sibling-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("restart/logs-previous", "previous-is-kept", |e| in_requested_log(e, "previous")),
    ("restart/logs-previous", "current-is-the-new-one", |e| in_requested_log(e, "current")),
    ("restart/always-on-zero", "is-restarted", |e| {
        never_again(e, "main");
        end_in_phase(e, "Succeeded");
    }),
    ("restart/always-on-zero", "pod-goes-on", |e| end_in_phase(e, "Succeeded")),
    ("restart/onfailure", "zero-is-final", |e| once_more(e, "clean")),
    ("restart/onfailure", "nonzero-is-restarted", |e| never_again(e, "faulty")),
    ("restart/onfailure", "succeeds", |e| end_in_phase(e, "Failed")),
    ("restart/never", "not-restarted", |e| once_more(e, "main")),
    ("restart/never", "pod-fails", |e| end_in_phase(e, "Succeeded")),
    ("restart/exit-codes", "zero-is-completed", |e| each_end(e, "completed", |end| end.exit_code = 1)),
    ("restart/exit-codes", "code-is-kept", |e| each_end(e, "failed", |end| end.exit_code = 1)),
    ("restart/exit-codes", "kill-is-137", |e| each_end(e, "killed", |end| end.exit_code = 9)),
    ("restart/exit-codes", "term-is-143", |e| each_end(e, "terminated", |end| end.reason = None)),
    ("restart/oom-is-told", "reason-is-told", |e| {
        each_end(e, "greedy", |end| end.reason = Some("Error".to_owned()));
    }),
    ("restart/termination-message", "message-is-told", |e| each_end(e, "writer", |end| end.message = None)),
    ("restart/termination-message", "log-stands-in", |e| each_end(e, "logger", |end| end.message = None)),
    ("restart/pid1-signal-immunity", "goes-on", |e| {
        let log = log(e, ("main", 0));
        log.lines.retain(|line| line.text != "still here");
        log.complete = true;
        once_more(e, "main");
    }),
    ("restart/liveness-scope", "sibling-goes-on", |e| {
        replace_in_exec(e, "sibling-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("restart/prestop-not-on-crash", "no-hook-after-a-crash", |e| {
        replace_in_log(e, ("main", 1), ABSENT, PRESENT);
    }),
    ("restart/prestop-not-on-crash", "hook-before-the-end", |e| {
        replace_in_exec(e, "marker-after", r#""present":true"#, ABSENT);
        started_a_third_time(e);
    }),
    ("restart/init-not-rerun", "starts-are-not-repeated", |e| {
        replace_in_log(e, ("main", 1), r#""content":"1\n"#, r#""content":"1\n2\n"#);
    }),
    ("restart/init-not-rerun", "status-is-kept", |e| {
        repeat_last_state(e);
        last_init(e).restart_count = 1;
    }),
    ("restart/init-is-retried", "init-is-retried", |e| {
        each_init(e, |status| status.restart_count = 0);
        end_in_phase(e, "Failed");
    }),
    ("restart/init-is-retried", "app-waits", |e| {
        repeat_last_state(e);
        let state = last_init(e).state.as_mut().unwrap();
        state.terminated.as_mut().unwrap().exit_code = 1;
    }),
    ("restart/crashloop-reason", "waits-in-crashloopbackoff", |e| {
        each_status(e, "main", |status| status.state.as_mut().unwrap().waiting = None);
        end_in_phase(e, "Failed");
    }),
    ("restart/crashloop-reason", "phase-is-running", |e| {
        for seen in &mut e.timeline {
            seen.pod.status.as_mut().unwrap().phase = Some("Pending".to_owned());
        }
    }),
    ("restart/crashloop-reason", "event-warns", |e| {
        for seen in &mut e.events {
            seen.event.type_ = Some("Normal".to_owned());
        }
    }),
    ("restart/backoff-sequence", "goes-on-restarting", |e| {
        each_status(e, "main", |status| status.restart_count = status.restart_count.min(3));
        end_in_phase(e, "Failed");
    }),
    ("restart/backoff-sequence", "not-before-its-time", |e| {
        second_ended_later(e, 12);
        seen_at_once(e);
    }),
    ("restart/backoff-sequence", "not-much-later", |e| {
        second_ended_later(e, -60);
        say_delay(e, "2m0s");
    }),
    ("restart/rules-exitcode", "listed-code-restarts", |e| never_again(e, "main")),
    ("restart/rules-exitcode", "other-code-is-final", |e| once_more(e, "main")),
    ("restart/rules-exitcode", "pod-fails", |e| end_in_phase(e, "Succeeded")),
    ("restart/restart-all", "all-are-restarted", |e| {
        last_status(e, "done").restart_count = 0;
        watch_to_the_end(e);
    }),
    ("restart/restart-all", "init-runs-again", |e| replace_in_log(e, ("steady", 1), r"1\n2\n", r"1\n")),
    ("restart/restart-all", "restart-is-over", |e| {
        watch_to_the_end(e);
        let status = e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
        for condition in status.conditions.as_mut().unwrap() {
            "True".clone_into(&mut condition.status);
        }
    }),
    ("restart/restart-all", "sandbox-is-kept", |e| replace_in_log(e, ("trigger", 1), "ipc:[", "ipc:[9")),
    ("restart/kubelet-restart-status", "stays-ready", |e| {
        e.timeline.push(e.timeline.iter().rfind(|state| state.name() == "keeper").unwrap().clone());
        last_status(e, "main").ready = false;
        let ended = e.ended;
        e.timeline.last_mut().unwrap().at = ended;
    }),
    ("restart/kubelet-restart-status", "nothing-restarts", |e| {
        each_status(e, "main", |status| status.restart_count = 1);
    }),
    ("restart/sandbox-recreate", "all-restart", |e| {
        each_status(e, "main", |status| status.restart_count = 0);
        end_in_phase(e, "Failed");
    }),
    ("restart/sandbox-recreate", "init-runs-again", |e| replace_in_log(e, ("main", 1), r#""xx""#, r#""x""#)),
    ("restart/sandbox-loss-never", "pod-fails", |e| end_in_phase(e, "Succeeded")),
    ("restart/backoff-cap", "goes-on-restarting", |e| {
        each_status(e, "main", |status| status.restart_count = status.restart_count.min(5));
        end_in_phase(e, "Failed");
    }),
    ("restart/backoff-cap", "reaches-the-cap", |e| {
        shift_ends(e, 100);
        seen_at_once(e);
    }),
    ("restart/backoff-cap", "stays-at-the-cap", |e| {
        shift_ends(e, -100);
        say_delay(e, "6m40s");
    }),
    ("restart/backoff-reset", "begins-anew", |e| {
        shift_ends(e, -100);
        wait_before_the_last(e);
        say_delay(e, "1m20s");
    }),
];

/// Makes the container restart once more at the end.
fn once_more(evidence: &mut Evidence, container: &str) {
    repeat_last_state(evidence);
    last_status(evidence, container).restart_count += 1;
}

/// Makes the container never restart.
fn never_again(evidence: &mut Evidence, container: &str) {
    each_status(evidence, container, |status| status.restart_count = 0);
    started_once(evidence, container);
}

/// Adds an event by which the kubelet started `main` three times.
fn started_a_third_time(evidence: &mut Evidence) {
    let mut events = evidence.events.iter().rev();
    let is_it = |seen: &&SeenEvent| seen.event.reason.as_deref() == Some("Started");
    let mut last = events
        .find(|seen| is_it(seen) && seen.start_nanos(&seen_uid(seen), "main").is_some())
        .unwrap()
        .clone();
    last.event.count = Some(3);
    evidence.events.push(last);
}

fn seen_uid(seen: &SeenEvent) -> String {
    seen.event.involved_object.uid.clone().unwrap_or_default()
}

/// Makes the second instance of `main`, after which the restart is delayed, end that many seconds later.
fn second_ended_later(evidence: &mut Evidence, seconds: i64) {
    each_status(evidence, "main", |status| {
        let (count, waits) =
            (status.restart_count, status.state.as_ref().is_some_and(|now| now.waiting.is_some()));
        let state = match count {
            1 if waits => &mut status.last_state,
            1 => &mut status.state,
            2 if !waits => &mut status.last_state,
            _ => return,
        };
        if let Some(end) = state.as_mut().and_then(|state| state.terminated.as_mut()) {
            end.finished_at.as_mut().unwrap().0 += SignedDuration::from_secs(seconds);
        }
    });
}

/// Makes the kubelet report this delay for each restart.
pub(crate) fn say_delay(evidence: &mut Evidence, delay: &str) {
    each_status(evidence, "main", |status| {
        let waiting = status.state.as_mut().and_then(|state| state.waiting.as_mut());
        if let Some(message) = waiting.and_then(|waiting| waiting.message.as_mut()) {
            *message = format!("back-off {delay} restarting failed container");
        }
    });
}

/// Makes all states be seen within a second.
pub(crate) fn seen_at_once(evidence: &mut Evidence) {
    let first = evidence.timeline[0].at;
    for (place, seen) in (0..).zip(&mut evidence.timeline) {
        seen.at = first + SignedDuration::from_millis(place);
    }
}

/// Makes the container wait between the last two states.
fn wait_before_the_last(evidence: &mut Evidence) {
    let mut between = evidence.timeline[evidence.timeline.len() - 2].clone();
    let status = &mut between.pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0];
    let message = Some("back-off".to_owned());
    let waiting = ContainerStateWaiting { message, reason: Some("CrashLoopBackOff".to_owned()) };
    let ended = status.state.take();
    status.last_state = ended;
    status.state = Some(ContainerState { waiting: Some(waiting), ..ContainerState::default() });
    let at = evidence.timeline.len() - 1;
    evidence.timeline.insert(at, between);
}

/// Moves each reported end of `main` by `seconds`: a positive shift makes the restart delays look shorter.
pub(crate) fn shift_ends(evidence: &mut Evidence, seconds: i64) {
    each_end(evidence, "main", |end| {
        end.finished_at.as_mut().unwrap().0 += SignedDuration::from_secs(seconds);
    });
}
