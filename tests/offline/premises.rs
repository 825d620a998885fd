//! Judges before evidence that lacks what would show that the cluster, and nobody else, is at fault.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::{Event, ObjectReference};
use k8s_openapi::jiff::SignedDuration;
use podproof::evidence::{Evidence, SeenEvent, SeenPod};
use podproof::judge::Verdict;
use podproof::run::{Proof, RunRecord, proofs};
use rstest::rstest;
use serde_json::Value;

use crate::judge::Recorded;
use crate::judge_overlays::reason;
use crate::judge_tampered::{ABSENT, in_exec, in_log};
use crate::lateness::verdict_with;
use crate::record::proved;
use crate::tampered_node::shift_ends;
use crate::tampered_restart::ended_later;

/// A change of evidence.
type Change = fn(&mut Evidence);

const LATE: [(&str, Change); 3] = [
    ("restart/backoff-sequence", |e| ended_later(e, -60)),
    ("restart/backoff-cap", |e| shift_ends(e, SignedDuration::from_secs(-100))),
    ("restart/backoff-reset", |e| shift_ends(e, SignedDuration::from_secs(-100))),
];

#[test]
fn a_late_restart_is_no_long_back_off_by_itself() {
    for (claim, late) in LATE {
        let verdict = verdict_with(claim, late);
        assert!(reason(&verdict).contains("that puts off restart"), "{verdict:?}");
    }
}

#[test]
fn a_clock_that_is_set_back_makes_no_restart_early() {
    let early: [(&str, Change); 2] = [
        ("restart/backoff-sequence", |e| ended_later(e, 5)),
        ("restart/backoff-cap", |e| shift_ends(e, SignedDuration::from_secs(15))),
    ];
    for (claim, set_back) in early {
        let verdict = verdict_with(claim, set_back);
        assert!(reason(&verdict).contains("a clock of the node that goes on steadily"), "{verdict:?}");
    }
}

#[test]
fn a_pod_whose_node_does_not_answer_says_nothing() {
    for claim in
        ["lifecycle/partial-failure-running", "restart/crashloop-reason", "startup/init-wait-deadlock"]
    {
        let verdict = verdict_with(claim, |e| {
            let last = e.timeline.last_mut().unwrap();
            last.pod.status.as_mut().unwrap().phase = Some("Unknown".to_owned());
        });
        assert!(reason(&verdict).contains("its node does not answer"), "{claim}: {verdict:?}");
    }
}

/// Before the state in which the container runs once more it waits, because its kubelet has read no services yet.
fn waits_for_services(e: &mut Evidence, claim_runs_once_more: impl Fn(&SeenPod) -> bool) {
    let place = e.timeline.iter().rposition(claim_runs_once_more).unwrap();
    let mut waits = e.timeline[place].clone();
    let statuses = waits.pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap();
    statuses[0].state = serde_json::from_value(serde_json::json!({ "waiting": {
        "reason": "CreateContainerConfigError",
        "message": "services have not yet been read at least once, cannot construct envvars",
    } }))
    .unwrap();
    waits.at -= SignedDuration::from_millis(1);
    e.timeline.insert(place, waits);
}

#[test]
fn a_kubelet_that_has_just_begun_tries_again() {
    let runs = |seen: &SeenPod| {
        seen.containers().any(|one| one.state.as_ref().is_some_and(|state| state.running.is_some()))
    };
    let after_an_outage = verdict_with("volume/disk-survives-reboot", |e| waits_for_services(e, runs));
    assert_eq!(after_an_outage, Verdict::Pass);
    let without = verdict_with("restart/identity", |e| waits_for_services(e, runs));
    assert!(reason(&without).contains("services have not yet been read"), "{without:?}");
}

#[test]
fn a_hook_that_never_comes_to_its_end_may_have_been_cut_off() {
    let verdict = verdict_with("lifecycle/prestop-before-term", |e| {
        in_log(e, ("main", 0), "hook over", "hook not over");
    });
    assert!(reason(&verdict).contains("a hook that came to its end"), "{verdict:?}");
}

#[test]
fn a_hook_of_which_nothing_is_left_may_have_been_cut_off() {
    let verdict = verdict_with("restart/prestop-not-on-crash", |e| {
        in_exec(e, "marker-after", r#""present":true"#, ABSENT);
        e.events.retain(|seen| seen.event.count.unwrap_or(1) < 3);
    });
    assert!(reason(&verdict).contains("what the kubelet said"), "{verdict:?}");
}

#[test]
fn a_hook_that_was_run_twice_was_not_waited_for_in_vain() {
    let verdict = verdict_with("startup/poststart-blocks", |e| {
        in_log(e, ("second", 0), r#""present":true"#, ABSENT);
        let begun =
            |seen: &SeenPod| seen.containers().any(|one| one.name == "second" && one.container_id.is_some());
        e.timeline.retain(|seen| !begun(seen));
    });
    assert!(reason(&verdict).contains("at the first try"), "{verdict:?}");
}

#[rstest]
fn a_hook_that_failed_makes_a_case_inconclusive(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
    #[values("FailedPreStopHook", "FailedPostStartHook")] reason_of_it: &str,
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
    let reason_of_it = Some(reason_of_it.to_owned());
    let event = Event { involved_object: about, reason: reason_of_it, message, ..Event::default() };
    changed.events.push(SeenEvent { at: first.at, event });
    let verdict = case.verdict(&changed);
    assert!(reason(&verdict).contains("a hook of pod"), "{verdict:?}");
}

/// What slices of a service say.
fn is_slice_of(object: &Value, service: &str) -> bool {
    object.pointer("/metadata/labels/kubernetes.io~1service-name").is_some_and(|name| name == service)
}

fn says(object: &Value, condition: &str, truth: bool) -> bool {
    let endpoints = object.get("endpoints").and_then(Value::as_array);
    endpoints.into_iter().flatten().any(|one| one["conditions"][condition] == truth)
}

#[test]
fn a_slice_that_nobody_changes_says_nothing_of_a_pod() {
    let verdict = verdict_with("network/terminating-endpoint", |e| {
        e.objects
            .retain(|seen| !is_slice_of(&seen.object, "later") && !says(&seen.object, "terminating", true));
    });
    assert!(reason(&verdict).contains("another slice"), "{verdict:?}");
}

#[test]
fn a_slice_that_is_changed_late_says_nothing_of_a_pod_that_serves_no_more() {
    let verdict = verdict_with("network/terminating-endpoint", |e| {
        let gone = e.timeline.last().unwrap().at + jiff::SignedDuration::from_secs(5);
        for seen in &mut e.objects {
            if says(&seen.object, "terminating", true) {
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
    assert!(reason(&verdict).contains("while the pod serves"), "{verdict:?}");
}

#[rstest]
#[case("The node had condition: [DiskPressure]. ")]
#[case("The node was low on resource: ephemeral-storage. ")]
#[case("Pod was evicted, node had condition: [MemoryPressure]")]
#[case("Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ")]
#[case("Container main exceeded its local ephemeral storage limit \"1Mi\". ")]
fn a_pod_that_went_for_another_cause_did_not_go_for_its_volume(
    #[values("volume/gone-on-eviction", "volume/disk-sizelimit-evicts")] claim: &str,
    #[case] message: &str,
) {
    let verdict = verdict_with(claim, |e| {
        for seen in &mut e.timeline {
            let status = seen.pod.status.as_mut().unwrap();
            if status.reason.is_some() {
                status.message = Some(message.to_owned());
            }
        }
    });
    assert!(reason(&verdict).contains(message.trim_end()), "{verdict:?}");
}

#[rstest]
fn a_log_without_its_beginning_contradicts_nothing(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut wrong = Vec::new();
    for (at, log) in evidence.logs.iter().enumerate() {
        let lines = log.lines.len();
        for missing in [1, 2, 3, 7, lines / 2, lines.saturating_sub(1)] {
            let mut changed = evidence.clone();
            changed.logs[at].lines.drain(..missing.min(lines));
            if let Verdict::Fail { findings } = case.verdict(&changed) {
                wrong
                    .push(format!("{}.{} without {missing} lines: {findings:?}", log.container, log.restart));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[rstest]
fn a_server_that_goes_just_before_it_is_asked_contradicts_nothing(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut wrong = Vec::new();
    for (at, exec) in evidence.execs.iter().enumerate() {
        if exec.label == "ready" || !exec.stdout.contains(r#""status":200,"#) {
            continue;
        }
        let mut changed = evidence.clone();
        // As it is recorded now: the client waits for an answer first.
        let mut first = exec.clone();
        "ready".clone_into(&mut first.label);
        (first.started, first.ended) = (evidence.started, evidence.started);
        changed.execs.push(first);
        let refused = exec.stdout.replace(r#""ok":true,"#, r#""ok":false,"errno":"ECONNREFUSED","#);
        changed.execs[at].stdout = refused.replace(r#""status":200,"#, "");
        if let Verdict::Fail { findings } = case.verdict(&changed) {
            wrong.push(format!("{}: {findings:?}", exec.label));
        }
    }
    for (at, fetch) in evidence.fetches.iter().enumerate() {
        let mut changed = evidence.clone();
        let port = fetch.port;
        changed.fetches[at].answer = Err(format!("dial tcp4 127.0.0.1:{port}: connect: connection refused"));
        changed.execs.retain(|exec| exec.label != format!("{}-there", fetch.label));
        if let Verdict::Fail { findings } = case.verdict(&changed) {
            wrong.push(format!("{}: {findings:?}", fetch.label));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_mutant_of_an_unproved_claim_that_is_not_killed_proves_nothing() {
    let mut record = proved();
    record.cases.retain(|case| case.claim.as_str() == "volume/shared");
    let bad = |record: &RunRecord| {
        let proofs = proofs(record);
        proofs
            .into_iter()
            .filter(|(_, proof)| matches!(proof, Proof::Survived | Proof::KilledOtherwise { .. }))
            .count()
    };
    assert_eq!(bad(&record), 2);
    for case in &mut record.cases {
        case.unproved = Some("nobody had such a cluster".to_owned());
    }
    assert_eq!(bad(&record), 0);
    let killed = proofs(&record).into_iter().filter(|(_, proof)| *proof == Proof::Killed).count();
    assert_eq!(killed, 1);
}
