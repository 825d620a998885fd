//! Verdicts from evidence with an external event laid over it: a deletion, an eviction, a node shutdown, a failed
//! start. Each verdict must be inconclusive, because the event explains the result.

use std::path::PathBuf;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, PodCondition, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use podproof::cases::Disturbance;
use podproof_core::evidence::{Deletion, Evidence, LogLine, SeenEvent, SeenPod, WatchChange};
use podproof_core::judge::Verdict;
use rstest::rstest;

use crate::judge::Recorded;

/// An external event: its name, its change of each later state of one pod, and a word that the reason must contain.
type Overlay = (&'static str, fn(&mut SeenPod), &'static str);

const OVERLAYS: [Overlay; 13] = [
    (
        "deletion as kubelets report it from 1.27 on",
        |seen| {
            delete(seen);
            end_all(seen, 137, "Error");
            status(seen).phase = Some("Failed".to_owned());
        },
        "deleted",
    ),
    (
        "deletion as older kubelets report it",
        |seen| {
            delete(seen);
            end_all(seen, 143, "Error");
        },
        "deleted",
    ),
    ("deletion by force", |seen| seen.change = WatchChange::Deleted, "deleted"),
    (
        "preemption",
        |seen| {
            delete(seen);
            disrupt(seen, "PreemptionByScheduler");
        },
        "PreemptionByScheduler",
    ),
    (
        "taint",
        |seen| {
            delete(seen);
            disrupt(seen, "DeletionByTaintManager");
            end_all(seen, 143, "Error");
        },
        "DeletionByTaintManager",
    ),
    (
        "node pressure",
        |seen| {
            fail(seen, "Evicted", "The node was low on resource: memory. ");
        },
        "low on resource",
    ),
    (
        "node shutdown",
        |seen| {
            fail(seen, "Terminated", "Pod was terminated in response to imminent node shutdown.");
            end_all(seen, 143, "Error");
        },
        "imminent node shutdown",
    ),
    (
        "node that shuts down",
        |seen| {
            fail(seen, "NodeShutdown", "Pod was rejected as the node is shutting down.");
        },
        "NodeShutdown",
    ),
    (
        "preemption by a kubelet",
        |seen| {
            fail(seen, "Preempting", "Preempted in order to admit critical pod");
        },
        "Preempting",
    ),
    ("out of memory", |seen| end_one(seen, &end(137, Some("OOMKilled"), true)), "OOMKilled"),
    ("out of memory before", |seen| end_previous(seen, &end(137, Some("OOMKilled"), true)), "OOMKilled"),
    ("start that failed", |seen| end_one(seen, &end(128, Some("StartError"), false)), "StartError"),
    (
        "start during a restart of the runtime",
        |seen| end_previous(seen, &end(0, None, false)),
        "could not be started",
    ),
];

/// The name of a container that no case allows to run out of memory.
const BYSTANDER: &str = "nobody";

fn status(seen: &mut SeenPod) -> &mut PodStatus {
    seen.pod.status.get_or_insert_default()
}

fn delete(seen: &mut SeenPod) {
    seen.pod.metadata.deletion_timestamp.get_or_insert(Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH));
}

fn disrupt(seen: &mut SeenPod, reason: &str) {
    let condition = PodCondition {
        type_: "DisruptionTarget".to_owned(),
        status: "True".to_owned(),
        reason: Some(reason.to_owned()),
        ..PodCondition::default()
    };
    status(seen).conditions.get_or_insert_default().push(condition);
}

fn fail(seen: &mut SeenPod, reason: &str, message: &str) {
    let status = status(seen);
    status.phase = Some("Failed".to_owned());
    status.reason = Some(reason.to_owned());
    status.message = Some(message.to_owned());
}

fn end(code: i32, reason: Option<&str>, started: bool) -> ContainerStateTerminated {
    let at = k8s_openapi::jiff::Timestamp::from_second(1_700_000_000).unwrap();
    ContainerStateTerminated {
        exit_code: code,
        reason: reason.map(str::to_owned),
        started_at: started.then_some(Time(at)),
        finished_at: started.then_some(Time(at)),
        ..ContainerStateTerminated::default()
    }
}

fn terminated(end: &ContainerStateTerminated) -> ContainerState {
    ContainerState { terminated: Some(end.clone()), ..ContainerState::default() }
}

pub(crate) fn ordinary(seen: &mut SeenPod) -> &mut Vec<ContainerStatus> {
    status(seen).container_statuses.get_or_insert_default()
}

/// Ends every container that runs.
fn end_all(seen: &mut SeenPod, code: i32, reason: &str) {
    for one in ordinary(seen) {
        if one.state.as_ref().is_some_and(|state| state.running.is_some()) {
            one.state = Some(terminated(&end(code, Some(reason), true)));
        }
    }
}

/// The first container that no case allows to run out of memory. Adds one if there is none.
fn bystander(seen: &mut SeenPod) -> &mut ContainerStatus {
    let statuses = ordinary(seen);
    if statuses.iter().all(|one| ["main", "greedy"].contains(&one.name.as_str())) {
        statuses.push(ContainerStatus { name: BYSTANDER.to_owned(), ..ContainerStatus::default() });
    }
    let mut others = statuses.iter_mut();
    others.find(|one| !["main", "greedy"].contains(&one.name.as_str())).unwrap()
}

fn end_one(seen: &mut SeenPod, end: &ContainerStateTerminated) {
    bystander(seen).state = Some(terminated(end));
}

fn end_previous(seen: &mut SeenPod, end: &ContainerStateTerminated) {
    bystander(seen).last_state = Some(terminated(end));
}

/// Adds the deletions that the drive requested, as current versions record them.
fn with_deletions(mut evidence: Evidence, allows: &[Disturbance]) -> Evidence {
    let mut deletions: Vec<Deletion> = Vec::new();
    for seen in evidence.timeline.iter().filter(|_| allows.contains(&Disturbance::Deletion)) {
        let is_deleted =
            seen.change == WatchChange::Deleted || seen.pod.metadata.deletion_timestamp.is_some();
        if is_deleted && deletions.iter().all(|one| one.uid != seen.uid()) {
            let at = seen.at - SignedDuration::from_millis(1);
            deletions.push(Deletion { at, name: seen.name().to_owned(), uid: seen.uid().to_owned() });
        }
    }
    evidence.deletions = Some(deletions);
    evidence
}

/// The UIDs of all pods.
fn pods(evidence: &Evidence) -> Vec<String> {
    let mut uids: Vec<_> = evidence.timeline.iter().map(|seen| seen.uid().to_owned()).collect();
    uids.sort();
    uids.dedup();
    uids
}

/// Changes all states of the pod from the first one on a node.
fn apply_overlay(evidence: &mut Evidence, uid: &str, change: fn(&mut SeenPod)) {
    let begun = |seen: &SeenPod| seen.uid() == uid && seen.node().is_some();
    let from = evidence.timeline.iter().position(begun);
    let from = from.or_else(|| evidence.timeline.iter().position(|seen| seen.uid() == uid)).unwrap();
    evidence.timeline[from..].iter_mut().filter(|seen| seen.uid() == uid).for_each(change);
}

/// Adds a changed copy of the last state of the pod.
fn apply_overlay_at_end(evidence: &mut Evidence, uid: &str, change: fn(&mut SeenPod)) {
    let mut last = evidence.timeline.iter().rfind(|seen| seen.uid() == uid).unwrap().clone();
    change(&mut last);
    evidence.timeline.push(last);
}

pub(crate) fn expect_inconclusive(verdict: &Verdict) -> &str {
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
    match verdict {
        Verdict::Inconclusive { reason } => reason,
        _ => "",
    }
}

#[rstest]
fn an_external_event_is_inconclusive(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut evidence = with_deletions(evidence, case.allows);
    assert_eq!(case.verdict(&evidence), Verdict::Pass, "with its own deletions");
    let timeline = evidence.timeline.clone();
    for uid in pods(&evidence) {
        // If the drive itself deleted the pod, a deletion at the end is expected.
        let is_deleted = evidence.deletions.iter().flatten().any(|one| one.uid == uid);
        for (what, change, word) in OVERLAYS {
            apply_overlay(&mut evidence, &uid, change);
            let verdict = case.verdict(&evidence);
            assert!(expect_inconclusive(&verdict).contains(word), "{what}: {verdict:?}");
            evidence.timeline.clone_from(&timeline);
            if !(is_deleted && word == "deleted") {
                apply_overlay_at_end(&mut evidence, &uid, change);
                let verdict = case.verdict(&evidence);
                assert!(expect_inconclusive(&verdict).contains(word), "{what} at the end: {verdict:?}");
                evidence.timeline.clone_from(&timeline);
            }
        }
    }
}

/// What runtimes log for a program of another architecture, and the exit code of its container.
const FOREIGN: [(&str, i32); 3] = [
    ("standard_init_linux.go:228: exec user process caused: exec format error", 1),
    ("exec /probe: exec format error", 255),
    ("{\"msg\":\"exec container process `/probe`: Exec format error\",\"level\":\"error\"}", 1),
];

/// A runtime that was down while a container ended reports 255 and `Unknown`; a kubelet reports 137.
#[rstest]
#[case::runtime(255, "Unknown")]
#[case::kubelet(137, "ContainerStatusUnknown")]
fn an_unobserved_exit_is_inconclusive(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
    #[case] code: i32,
    #[case] exit_reason: &str,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    if case.allows.contains(&Disturbance::Outage) {
        return;
    }
    let evidence = with_deletions(evidence, case.allows);
    for uid in pods(&evidence) {
        for (now, before) in [(true, false), (false, true)] {
            let mut changed = evidence.clone();
            let is_it = |seen: &&mut SeenPod| seen.uid() == uid && seen.node().is_some();
            for seen in changed.timeline.iter_mut().filter(is_it) {
                let end = end(code, Some(exit_reason), true);
                if now {
                    end_one(seen, &end);
                }
                if before {
                    end_previous(seen, &end);
                }
            }
            let others_or_deleted =
                |seen: &SeenPod| seen.uid() != uid || seen.pod.metadata.deletion_timestamp.is_some();
            if changed != evidence && !evidence.timeline.iter().all(others_or_deleted) {
                let verdict = case.verdict(&changed);
                assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
            }
        }
    }
}

/// A runtime that is restarted may start a container although its answer is lost. The kubelet reports a failed start, and
/// nothing about the container's end can be trusted.
#[rstest]
fn a_start_that_the_kubelet_reports_as_failed_is_inconclusive(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let is_start = |seen: &SeenEvent| seen.event.reason.as_deref() == Some("Started");
    for place in (0..evidence.events.len()).filter(|place| is_start(&evidence.events[*place])) {
        let mut failed = evidence.clone();
        let event = &mut failed.events[place].event;
        event.reason = Some("Failed".to_owned());
        event.message = Some("Error: transport is closing".to_owned());
        let about_container = event.involved_object.field_path.is_some();
        let verdict = case.verdict(&failed);
        if case.allows.contains(&Disturbance::Outage) || !about_container {
            assert!(!matches!(verdict, Verdict::Fail { .. }), "{verdict:?}");
        } else {
            assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
        }
    }
}

/// The kubelet reported a failed start, and the runtime lost the OOM kill that ended the container.
#[test]
fn an_oom_kill_lost_with_a_failed_start_is_inconclusive() {
    let Recorded { case, mut evidence, .. } = Recorded::green("restart/oom-is-told");
    for seen in &mut evidence.events {
        seen.event.reason = Some("Failed".to_owned());
        seen.event.message = Some("Error: transport is closing".to_owned());
    }
    for status in evidence.timeline.iter_mut().flat_map(ordinary) {
        if let Some(end) = status.state.as_mut().and_then(|state| state.terminated.as_mut()) {
            end.reason = Some("Error".to_owned());
        }
    }
    let verdict = case.verdict(&evidence);
    assert!(expect_inconclusive(&verdict).contains("transport is closing"), "{verdict:?}");
}

#[rstest]
fn a_program_of_another_architecture_is_inconclusive(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    for (line, code) in FOREIGN {
        let mut foreign = evidence.clone();
        for log in &mut foreign.logs {
            log.lines = vec![LogLine { at: None, text: line.to_owned() }];
        }
        set_exit_code(&mut foreign, code);
        let verdict = case.verdict(&foreign);
        if foreign.logs.is_empty() {
            assert!(!matches!(verdict, Verdict::Fail { .. }), "{verdict:?}");
        } else {
            assert!(expect_inconclusive(&verdict).contains("that its node cannot run"), "{verdict:?}");
        }
        // The same without the log.
        foreign.logs.iter_mut().for_each(|log| log.lines.clear());
        let verdict = case.verdict(&foreign);
        assert!(foreign.logs.is_empty() || matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
    }
}

/// Makes every container that ran or ended have ended with this code.
fn set_exit_code(evidence: &mut Evidence, code: i32) {
    for seen in &mut evidence.timeline {
        let Some(status) = &mut seen.pod.status else { continue };
        let (init, ordinary) = (&mut status.init_container_statuses, &mut status.container_statuses);
        for one in init.iter_mut().flatten().chain(ordinary.iter_mut().flatten()) {
            if one.state.as_ref().is_some_and(|state| state.running.is_some() || state.terminated.is_some()) {
                one.state = Some(terminated(&end(code, Some("Error"), true)));
            }
            if one.last_state.as_ref().is_some_and(|state| state.terminated.is_some()) {
                one.last_state = Some(terminated(&end(code, Some("Error"), true)));
            }
        }
    }
}
