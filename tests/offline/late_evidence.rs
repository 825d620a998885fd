//! Late, unobserved and foreign events never decide about a claim.

use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::{Evidence, SeenPod};
use podproof_core::judge::Verdict;
use rstest::rstest;
use serde_json::{Value, json};

use crate::judge::Recorded;
use crate::tampered::lifecycle::add_later_look;
use crate::tampering::{in_all_logs, log, replace_in_exec, replace_in_log};

/// Changes good evidence and returns the new verdict.
pub(crate) fn verdict_after(claim: &str, change: impl FnOnce(&mut Evidence)) -> Verdict {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    let before = evidence.clone();
    change(&mut evidence);
    assert_ne!(before, evidence, "{claim}: nothing was changed");
    case.verdict(&evidence)
}

fn assert_inconclusive(claim: &str, change: impl FnOnce(&mut Evidence)) {
    let verdict = verdict_after(claim, change);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{claim}: {verdict:?}");
}

fn last_status<'e>(evidence: &'e mut Evidence, pod: &str) -> &'e mut PodStatus {
    let mut states = evidence.timeline.iter_mut().rev();
    states.find(|seen| seen.name() == pod).unwrap().pod.status.as_mut().unwrap()
}

#[test]
fn unseen_phases_do_not_confirm_the_article() {
    assert_inconclusive("lifecycle/never-completes", |e| e.timeline.retain(|seen| seen.phase() != "Pending"));
    assert_inconclusive("lifecycle/never-completes", |e| {
        e.timeline.retain(|seen| !seen.containers().any(|status| is_creating(&json!(status))));
    });
    assert_inconclusive("lifecycle/never-completes", |e| drop(e.timeline.drain(..e.timeline.len() - 1)));
}

fn is_creating(status: &Value) -> bool {
    status["state"]["waiting"]["reason"] == "ContainerCreating"
}

#[test]
fn an_unobserved_exit_does_not_prove_a_kill() {
    assert_inconclusive("lifecycle/grace-period", |e| {
        for seen in &mut e.timeline {
            for status in seen.pod.status.as_mut().unwrap().container_statuses.iter_mut().flatten() {
                if status.state.as_ref().is_some_and(|state| state.terminated.is_some()) {
                    status.state = None;
                }
            }
        }
        log(e, ("main", 0)).complete = false;
    });
}

#[test]
fn a_clock_set_back_does_not_shorten_the_grace_period() {
    let verdict = verdict_after("lifecycle/grace-period", |e| {
        let lines = &mut log(e, ("main", 0)).lines;
        let term = lines.iter().position(|line| line.text == "TERM").unwrap();
        let back = SignedDuration::from_secs(-120);
        for line in &mut lines[term + 1..] {
            line.at = line.at.map(|at| at + back);
        }
    });
    assert!(!matches!(verdict, Verdict::Fail { .. }), "{verdict:?}");
}

#[test]
fn a_late_sigterm_is_inconclusive() {
    assert_inconclusive("lifecycle/term-reaches-all", |e| {
        in_all_logs(e, " second", "");
        add_later_look(e, SignedDuration::from_secs(25));
        let own = log(e, ("second", 0));
        own.lines.retain(|line| line.text != "TERM");
        let mut line = own.lines[0].clone();
        "TERM".clone_into(&mut line.text);
        own.lines.push(line);
    });
}

#[rstest]
#[case::low_on_memory("Evicted", "The node was low on resource: memory. ")]
#[case::shutdown("NodeShutdown", "Pod was terminated in response to imminent node shutdown.")]
#[case::preempted("Preempting", "Preempted in order to admit critical pod")]
fn a_pod_that_its_node_ended_was_not_evicted_for_its_volume(#[case] reason: &str, #[case] message: &str) {
    assert_inconclusive("volume/memory-enospc", |e| {
        let status = last_status(e, "filler");
        status.phase = Some("Failed".to_owned());
        status.reason = Some(reason.to_owned());
        status.message = Some(message.to_owned());
    });
}

#[test]
fn no_eviction_counts_only_if_the_control_pod_was_evicted() {
    assert_inconclusive("volume/memory-enospc", |e| {
        e.timeline.retain(|seen: &SeenPod| seen.name() != "control" || !seen.is_terminal());
    });
}

#[test]
fn a_late_event_does_not_contradict_the_start_time() {
    assert_inconclusive("startup/clock-resolution", |e| move_event(e, 60_000_000_000));
    // Only a clock that jumped can make a program report before its start.
    assert_inconclusive("startup/clock-resolution", |e| {
        move_event(e, -60_000_000_000);
        replace_in_log(e, ("main", 0), r#""realtime_ns":"#, r#""realtime_ns":1,"was":"#);
    });
}

/// Moves the time that the name of the start event of `main` contains.
pub(crate) fn move_event(evidence: &mut Evidence, nanoseconds: i64) {
    let mut events = evidence.events.iter_mut().map(|seen| &mut seen.event);
    let started = events.find(|event| event.reason.as_deref() == Some("Started")).unwrap();
    let name = started.metadata.name.as_mut().unwrap();
    let (pod, at) = name.rsplit_once('.').unwrap();
    let at = u64::from_str_radix(at, 16).unwrap().checked_add_signed(nanoseconds).unwrap();
    *name = format!("{pod}.{at:x}");
}

#[test]
fn a_program_that_reports_late_is_inconclusive_about_the_order() {
    assert_inconclusive("startup/spec-order", |e| {
        replace_in_log(e, ("second", 0), r#""boottime_ns":"#, r#""boottime_ns":9"#);
    });
}

#[test]
fn a_value_that_a_later_instance_may_have_written_is_inconclusive() {
    assert_inconclusive("volume/writer-dies-reader-reads", |e| {
        replace_in_exec(e, "write", r#""ok":true"#, r#""ok":false,"errno":"EIO""#);
    });
}

#[test]
fn a_pod_that_admission_changed_is_inconclusive() {
    let verdict = verdict_after("volume/default-mode", |e| {
        let sent = json!({ "kind": "Pod", "spec": { "containers": [{ "name": "looker" }] } });
        e.applied[0].object = sent;
        for seen in &mut e.timeline {
            let spec = seen.pod.spec.as_mut().unwrap();
            spec.security_context = serde_json::from_value(json!({ "fsGroup": 2000 })).unwrap();
        }
        replace_in_log(e, ("looker", 0), r#""777""#, r#""2777""#);
    });
    let expected = "admission changed spec.securityContext.fsGroup of pod fresh";
    assert_eq!(verdict, Verdict::Inconclusive { reason: expected.to_owned() });
}
