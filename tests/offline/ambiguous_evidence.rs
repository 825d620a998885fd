//! Evidence that does not show whether the cluster is at fault never makes a claim fail.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::{Event, ObjectReference};
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::{Evidence, SeenEvent, SeenPod};
use podproof_core::judge::Verdict;
use podproof_core::record::{Proof, RunRecord, proofs};
use rstest::rstest;
use serde_json::Value;

use crate::judge::Recorded;
use crate::judge_overlays::expect_inconclusive;
use crate::late_evidence::verdict_after;
use crate::record::record_of_prove_run;
use crate::tampered::restart::shift_ends;
use crate::tampering::{ABSENT, replace_in_exec, replace_in_log};

/// A change of evidence.
type Tamper = fn(&mut Evidence);

const LATE_RESTARTS: [(&str, Tamper); 3] = [
    ("restart/backoff-sequence", |e| shift_ends(e, -60)),
    ("restart/backoff-cap", |e| shift_ends(e, -100)),
    ("restart/backoff-reset", |e| shift_ends(e, -100)),
];

#[test]
fn a_late_restart_alone_does_not_prove_a_long_back_off() {
    for (claim, late) in LATE_RESTARTS {
        let verdict = verdict_after(claim, late);
        assert!(expect_inconclusive(&verdict).contains("before restart"), "{verdict:?}");
    }
}

#[test]
fn a_node_clock_that_was_set_back_is_inconclusive() {
    let early: [(&str, Tamper); 2] =
        [("restart/backoff-sequence", |e| shift_ends(e, 5)), ("restart/backoff-cap", |e| shift_ends(e, 15))];
    for (claim, set_back) in early {
        let verdict = verdict_after(claim, set_back);
        assert!(expect_inconclusive(&verdict).contains("a node clock that was not set back"), "{verdict:?}");
    }
}

#[test]
fn a_pod_in_phase_unknown_is_inconclusive() {
    for claim in
        ["lifecycle/partial-failure-running", "restart/crashloop-reason", "startup/init-wait-deadlock"]
    {
        let verdict = verdict_after(claim, |e| {
            let last = e.timeline.last_mut().unwrap();
            last.pod.status.as_mut().unwrap().phase = Some("Unknown".to_owned());
        });
        assert!(expect_inconclusive(&verdict).contains("is in phase Unknown"), "{claim}: {verdict:?}");
    }
}

/// Inserts a state just before the container runs again, in which it waits because the kubelet has not read the services
/// yet.
fn insert_wait_for_services(e: &mut Evidence, runs_again: impl Fn(&SeenPod) -> bool) {
    let index = e.timeline.iter().rposition(runs_again).unwrap();
    let mut waiting = e.timeline[index].clone();
    let statuses = waiting.pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap();
    statuses[0].state = serde_json::from_value(serde_json::json!({ "waiting": {
        "reason": "CreateContainerConfigError",
        "message": "services have not yet been read at least once, cannot construct envvars",
    } }))
    .unwrap();
    waiting.at -= SignedDuration::from_millis(1);
    e.timeline.insert(index, waiting);
}

#[test]
fn config_errors_after_a_kubelet_restart_are_allowed_only_in_outage_cases() {
    let any_container_running = |seen: &SeenPod| {
        seen.containers().any(|one| one.state.as_ref().is_some_and(|state| state.running.is_some()))
    };
    let after_an_outage =
        verdict_after("volume/disk-survives-reboot", |e| insert_wait_for_services(e, any_container_running));
    assert_eq!(after_an_outage, Verdict::Pass);
    let without = verdict_after("restart/identity", |e| insert_wait_for_services(e, any_container_running));
    assert!(expect_inconclusive(&without).contains("services have not yet been read"), "{without:?}");
}

#[test]
fn a_hook_that_never_ended_is_inconclusive() {
    let verdict = verdict_after("lifecycle/prestop-before-term", |e| {
        replace_in_log(e, ("main", 0), "hook over", "hook not over");
    });
    assert!(expect_inconclusive(&verdict).contains("a hook that ran to its end"), "{verdict:?}");
}

#[test]
fn a_hook_without_its_marker_file_is_inconclusive() {
    let verdict = verdict_after("restart/prestop-not-on-crash", |e| {
        replace_in_exec(e, "marker-after", r#""present":true"#, ABSENT);
        e.events.retain(|seen| seen.event.count.unwrap_or(1) < 3);
    });
    assert!(
        expect_inconclusive(&verdict).contains("the kubelet's events up to the third start"),
        "{verdict:?}"
    );
}

#[test]
fn a_hook_that_may_have_run_twice_is_inconclusive() {
    let verdict = verdict_after("startup/poststart-blocks", |e| {
        replace_in_log(e, ("second", 0), r#""present":true"#, ABSENT);
        let begun =
            |seen: &SeenPod| seen.containers().any(|one| one.name == "second" && one.container_id.is_some());
        e.timeline.retain(|seen| !begun(seen));
    });
    assert!(expect_inconclusive(&verdict).contains("at the first try"), "{verdict:?}");
}

#[rstest]
fn a_failed_hook_is_inconclusive(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
    #[values("FailedPreStopHook", "FailedPostStartHook")] event_reason: &str,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let Some(first) = evidence.timeline.first() else { return };
    let mut changed = evidence.clone();
    let about = ObjectReference {
        uid: Some(first.uid().to_owned()),
        field_path: Some("spec.containers{bystander}".to_owned()),
        ..ObjectReference::default()
    };
    let message = Some("rpc error: code = Unavailable".to_owned());
    let event_reason = Some(event_reason.to_owned());
    let event = Event { involved_object: about, reason: event_reason, message, ..Event::default() };
    changed.events.push(SeenEvent { at: first.at, event });
    let verdict = case.verdict(&changed);
    assert!(expect_inconclusive(&verdict).contains("a hook of pod"), "{verdict:?}");
}

/// Returns whether the object is an `EndpointSlice` of the service.
fn is_slice_of(object: &Value, service: &str) -> bool {
    object.pointer("/metadata/labels/kubernetes.io~1service-name").is_some_and(|name| name == service)
}

fn has_condition(object: &Value, condition: &str, truth: bool) -> bool {
    let endpoints = object.get("endpoints").and_then(Value::as_array);
    endpoints.into_iter().flatten().any(|one| one["conditions"][condition] == truth)
}

#[test]
fn an_endpoint_slice_that_is_never_updated_is_inconclusive() {
    let verdict = verdict_after("network/terminating-endpoint", |e| {
        e.objects.retain(|seen| {
            !is_slice_of(&seen.object, "later") && !has_condition(&seen.object, "terminating", true)
        });
    });
    assert!(expect_inconclusive(&verdict).contains("an endpoint slice of another service"), "{verdict:?}");
}

#[test]
fn an_endpoint_slice_that_is_updated_late_is_inconclusive() {
    let verdict = verdict_after("network/terminating-endpoint", |e| {
        let gone = e.timeline.last().unwrap().at + jiff::SignedDuration::from_secs(5);
        for seen in &mut e.objects {
            if has_condition(&seen.object, "terminating", true) {
                seen.at = gone;
                seen.object = seen
                    .object
                    .to_string()
                    .replace(r#""serving":true"#, r#""serving":false"#)
                    .parse()
                    .unwrap();
            }
        }
    });
    assert!(expect_inconclusive(&verdict).contains("while the pod was ready"), "{verdict:?}");
}

#[rstest]
#[case("The node had condition: [DiskPressure]. ")]
#[case("The node was low on resource: ephemeral-storage. ")]
#[case("Pod was evicted, node had condition: [MemoryPressure]")]
#[case("Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ")]
#[case("Container main exceeded its local ephemeral storage limit \"1Mi\". ")]
fn a_pod_evicted_for_another_reason_is_inconclusive(
    #[values("volume/gone-on-eviction", "volume/disk-sizelimit-evicts")] claim: &str,
    #[case] message: &str,
) {
    let verdict = verdict_after(claim, |e| {
        for seen in &mut e.timeline {
            let status = seen.pod.status.as_mut().unwrap();
            if status.reason.is_some() {
                status.message = Some(message.to_owned());
            }
        }
    });
    assert!(expect_inconclusive(&verdict).contains(message.trim_end()), "{verdict:?}");
}

#[rstest]
fn a_log_without_its_first_lines_never_causes_a_fail(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut unexpected_failures = Vec::new();
    for (index, log) in evidence.logs.iter().enumerate() {
        let lines = log.lines.len();
        for missing in [1, 2, 3, 7, lines / 2, lines.saturating_sub(1)] {
            let mut changed = evidence.clone();
            changed.logs[index].lines.drain(..missing.min(lines));
            if let Verdict::Fail { findings } = case.verdict(&changed) {
                unexpected_failures
                    .push(format!("{}.{} without {missing} lines: {findings:?}", log.container, log.restart));
            }
        }
    }
    assert!(unexpected_failures.is_empty(), "{unexpected_failures:#?}");
}

#[rstest]
fn a_server_that_exits_just_before_a_request_never_causes_a_fail(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut unexpected_failures = Vec::new();
    for (index, exec) in evidence.execs.iter().enumerate() {
        if exec.label == "ready" || !exec.stdout.contains(r#""status":200,"#) {
            continue;
        }
        let mut changed = evidence.clone();
        // As current versions record it: the client first waits until the server answers.
        let mut first = exec.clone();
        "ready".clone_into(&mut first.label);
        (first.started, first.ended) = (evidence.started, evidence.started);
        changed.execs.push(first);
        let refused = exec.stdout.replace(r#""ok":true,"#, r#""ok":false,"errno":"ECONNREFUSED","#);
        changed.execs[index].stdout = refused.replace(r#""status":200,"#, "");
        if let Verdict::Fail { findings } = case.verdict(&changed) {
            unexpected_failures.push(format!("{}: {findings:?}", exec.label));
        }
    }
    for (index, fetch) in evidence.fetches.iter().enumerate() {
        let mut changed = evidence.clone();
        let port = fetch.port;
        changed.fetches[index].answer =
            Err(format!("dial tcp4 127.0.0.1:{port}: connect: connection refused"));
        changed.execs.retain(|exec| exec.label != format!("{}-there", fetch.label));
        if let Verdict::Fail { findings } = case.verdict(&changed) {
            unexpected_failures.push(format!("{}: {findings:?}", fetch.label));
        }
    }
    assert!(unexpected_failures.is_empty(), "{unexpected_failures:#?}");
}

#[test]
fn a_surviving_mutant_of_an_unproved_claim_is_inconclusive() {
    let mut record = record_of_prove_run();
    record.cases.retain(|case| case.claim.as_str() == "volume/shared");
    let not_killed = |record: &RunRecord| {
        let proofs = proofs(record);
        proofs
            .into_iter()
            .filter(|(_, proof)| matches!(proof, Proof::Survived | Proof::WrongAssertion { .. }))
            .count()
    };
    assert_eq!(not_killed(&record), 2);
    for case in &mut record.cases {
        case.unproved = Some("needs another cluster".to_owned());
    }
    assert_eq!(not_killed(&record), 0);
    let killed = proofs(&record).into_iter().filter(|(_, proof)| *proof == Proof::Killed).count();
    assert_eq!(killed, 1);
}
