//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use podproof_core::evidence::{Evidence, Mark};

use crate::late_evidence::move_event;
use crate::tampering::{
    ABSENT, PRESENT, Tampering, each_status, end_consumer_with, end_in_phase, last_status, log,
    repeat_last_state, replace_in_exec, replace_in_log, started_once, swap_messages,
};

pub(crate) const ROWS: &[Tampering] = &[
    ("startup/spec-order", "processes-in-order", |e| {
        replace_in_log(e, ("fourth", 0), r#""pid1_start_ticks":"#, r#""pid1_start_ticks":0,"was":"#);
    }),
    ("startup/spec-order", "programs-in-order", |e| {
        for (container, digit) in [("first", 9), ("second", 8), ("third", 7), ("fourth", 6)] {
            replace_in_log(e, (container, 0), r#""boottime_ns":"#, &format!(r#""boottime_ns":{digit}"#));
        }
    }),
    ("startup/spec-order", "events-in-order", |e| {
        // Different start ticks would take precedence over the events.
        for container in ["first", "second", "third", "fourth"] {
            replace_in_log(e, (container, 0), r#""pid1_start_ticks":"#, r#""pid1_start_ticks":7,"was":"#);
        }
        let first = e.events.remove(0);
        let name = &mut e.events.last_mut().unwrap().event.metadata.name;
        let later = std::mem::replace(name, first.event.metadata.name.clone());
        e.events.push(first);
        e.events.last_mut().unwrap().event.metadata.name = later;
    }),
    ("startup/race-reproduced", "consumer-gives-up", |e| end_consumer_with(e, 0)),
    ("startup/race-reproduced", "producer-blocks", |e| {
        let lines = &mut log(e, ("producer", 0)).lines;
        lines.push(lines[0].clone());
    }),
    ("startup/race-reproduced", "pod-hangs", |e| end_in_phase(e, "Failed")),
    ("startup/race-rate", "each-ends-as-known", |e| end_consumer_with(e, 2)),
    ("startup/race-rate", "not-all-lose", |e| {
        for log in e.logs.iter_mut().filter(|log| log.container == "consumer") {
            log.lines.truncate(1);
            "Either the producer has not been started or it has ended".clone_into(&mut log.lines[0].text);
        }
    }),
    ("startup/fix-retry", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-retry", "all-is-delivered", swap_messages),
    ("startup/no-ready-wait", "second-starts", |e| never_begins(e, "second")),
    ("startup/poststart-blocks", "hook-comes-first", |e| {
        replace_in_log(e, ("second", 0), r#""present":true"#, ABSENT);
    }),
    ("startup/poststart-failure", "second-starts", |e| never_begins(e, "second")),
    ("startup/poststart-failure", "first-is-restarted", |e| {
        each_status(e, "first", |status| {
            status.restart_count = 0;
            status.last_state = None;
        });
        started_once(e, "first");
        mark(e, "waited-in-vain");
    }),
    ("startup/poststart-failure", "first-is-killed", |e| {
        each_status(e, "first", |status| {
            for state in [&mut status.state, &mut status.last_state] {
                if let Some(end) = state.as_mut().and_then(|state| state.terminated.as_mut()) {
                    end.exit_code = 0;
                }
            }
        });
    }),
    ("startup/poststart-failure", "failure-is-told", |e| {
        for seen in &mut e.events {
            seen.event.type_ = Some("Normal".to_owned());
        }
    }),
    ("startup/pull-failure-isolated", "second-starts", |e| never_begins(e, "second")),
    ("startup/pull-failure-isolated", "pod-is-pending", |e| {
        for seen in &mut e.timeline {
            seen.pod.status.as_mut().unwrap().phase = Some("Failed".to_owned());
        }
    }),
    ("startup/fix-marker-file", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-marker-file", "all-is-delivered", swap_messages),
    ("startup/fix-init-creates", "finds-the-queue", |e| {
        replace_in_log(e, ("consumer", 0), r#""present":true"#, ABSENT);
    }),
    ("startup/fix-init-creates", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-init-creates", "all-is-delivered", swap_messages),
    ("startup/init-wait-deadlock", "stays-in-init", |e| end_in_phase(e, "Running")),
    ("startup/init-wait-deadlock", "nothing-else-starts", |e| {
        last_status(e, "producer").restart_count = 1;
    }),
    ("startup/fix-poststart", "finds-the-queue", |e| {
        replace_in_log(e, ("consumer", 0), r#""present":true"#, ABSENT);
    }),
    ("startup/fix-poststart", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-poststart", "all-is-delivered", swap_messages),
    ("startup/fix-onfailure-pod", "consumer-comes-back", never_comes_back),
    ("startup/fix-onfailure-pod", "producer-runs-once", |e| last_status(e, "producer").restart_count = 1),
    ("startup/fix-onfailure-pod", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("startup/fix-onfailure-pod", "all-is-delivered", |e| {
        let restarts = last_status(e, "consumer").restart_count;
        drop(log(e, ("consumer", restarts)).lines.remove(7));
    }),
    ("startup/fix-sidecar", "finds-the-queue", |e| {
        replace_in_log(e, ("consumer", 0), r#""present":true"#, ABSENT);
    }),
    ("startup/fix-sidecar", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-sidecar", "all-is-delivered", swap_messages),
    ("startup/fix-onfailure", "consumer-comes-back", never_comes_back),
    ("startup/fix-onfailure", "producer-runs-once", |e| last_status(e, "producer").restart_count = 1),
    ("startup/fix-onfailure", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("startup/fix-onfailure", "all-is-delivered", |e| {
        let restarts = last_status(e, "consumer").restart_count;
        drop(log(e, ("consumer", restarts)).lines.remove(7));
    }),
    ("startup/sidecar-then-init", "waits-for-the-sidecar", |e| {
        replace_in_log(e, ("next", 0), r#""present":true"#, ABSENT);
    }),
    ("startup/sidecar-then-init", "sidecar-goes-on", |e| {
        for status in e.timeline.iter_mut().filter_map(|seen| seen.pod.status.as_mut()) {
            for init in status.init_container_statuses.iter_mut().flatten() {
                init.restart_count += i32::from(init.name == "sidecar");
            }
        }
    }),
    ("startup/init-sequential", "one-after-another", |e| ends_late(e, "one")),
    ("startup/init-sequential", "others-come-last", |e| ends_late(e, "three")),
    ("startup/started-field", "false-at-first", |e| {
        each_status(e, "main", |status| status.started = Some(true));
    }),
    ("startup/started-field", "not-probed-before", |e| replace_in_exec(e, "queue-is-made", ABSENT, PRESENT)),
    ("startup/started-field", "true-in-the-end", |e| {
        repeat_last_state(e);
        last_status(e, "main").started = Some(false);
    }),
    ("startup/clock-resolution", "status-has-seconds", |e| move_start(e, 1)),
    ("startup/clock-resolution", "both-tell-one-start", |e| move_event(e, -60_000_000_000)),
    ("startup/clock-resolution", "event-has-nanoseconds", |e| {
        // The first whole second after 2^60 ns: in 2006.
        let name = &mut e.events[0].event.metadata.name;
        *name = Some("main.10000000176f0a00".to_owned());
    }),
];

/// Removes every trace of the start of the container, and adds the mark that it was waited for.
pub(crate) fn never_begins(evidence: &mut Evidence, container: &str) {
    each_status(evidence, container, |status| {
        status.state = None;
        status.last_state = None;
        status.restart_count = 0;
    });
    evidence.events.retain(|seen| {
        let path = seen.event.involved_object.field_path.as_deref().unwrap_or_default();
        !path.contains(container)
    });
    mark(evidence, "waited-in-vain");
}

fn never_comes_back(evidence: &mut Evidence) {
    each_status(evidence, "consumer", |status| {
        status.restart_count = 0;
        if let Some(before) = status.last_state.take().filter(|state| state.terminated.is_some()) {
            status.state = Some(before);
        }
    });
    started_once(evidence, "consumer");
    mark(evidence, "waited-in-vain");
}

fn mark(evidence: &mut Evidence, name: &str) {
    evidence.marks.push(Mark { at: evidence.ended, name: name.to_owned() });
}

/// Makes the last report of an init container come later than all others.
fn ends_late(evidence: &mut Evidence, container: &str) {
    let lines = &mut log(evidence, (container, 0)).lines;
    let line = lines.iter_mut().find(|line| line.text.contains(r#""verb":"identity""#)).unwrap();
    line.text = line.text.replacen(r#""boottime_ns":"#, r#""boottime_ns":9"#, 1);
}

fn move_start(evidence: &mut Evidence, nanoseconds: i64) {
    each_status(evidence, "main", |status| {
        let running = status.state.as_mut().and_then(|state| state.running.as_mut());
        if let Some(started) = running.and_then(|running| running.started_at.as_mut()) {
            started.0 =
                started.0.checked_add(k8s_openapi::jiff::SignedDuration::from_nanos(nanoseconds)).unwrap();
        }
    });
}
