//! Verdicts from evidence in which something outside of podproof killed a container: they are never a fail.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use podproof::cases::Disturbance;
use podproof_core::evidence::{Evidence, SeenPod};
use podproof_core::judge::Verdict;
use rstest::rstest;

use crate::judge::Recorded;

/// The exit code of the killed container (KILL or TERM), and whether it is restarted.
const EXITS: [(i32, bool); 4] = [(137, false), (137, true), (143, false), (143, true)];

/// Each pod, by its UID, with each of its containers that was seen to run.
fn containers(evidence: &Evidence) -> Vec<(String, String)> {
    let mut all: Vec<_> = evidence
        .timeline
        .iter()
        .flat_map(|seen| {
            let runs =
                |one: &&ContainerStatus| one.state.as_ref().is_some_and(|state| state.running.is_some());
            seen.containers().filter(runs).map(|one| (seen.uid().to_owned(), one.name.clone()))
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

fn status<'e>(seen: &'e mut SeenPod, name: &str) -> Option<&'e mut ContainerStatus> {
    let status = seen.pod.status.as_mut()?;
    let lists = [&mut status.init_container_statuses, &mut status.container_statuses];
    lists.into_iter().flatten().flatten().find(|one| one.name == name)
}

fn terminated(code: i32) -> ContainerState {
    let at = || Some(Time(k8s_openapi::jiff::Timestamp::from_second(1_700_000_000).unwrap()));
    let end = ContainerStateTerminated {
        exit_code: code,
        reason: Some("Error".to_owned()),
        started_at: at(),
        finished_at: at(),
        ..ContainerStateTerminated::default()
    };
    ContainerState { terminated: Some(end), ..ContainerState::default() }
}

/// Ends the container in this state of the pod, and starts it again if `restarted`.
fn end(seen: &mut SeenPod, name: &str, code: i32, restarted: bool) {
    let Some(one) = status(seen, name) else { return };
    one.last_state = Some(terminated(code));
    if restarted {
        one.restart_count += 1;
        one.container_id = Some("containerd://another".to_owned());
        let running = ContainerStateRunning::default();
        one.state = Some(ContainerState { running: Some(running), ..ContainerState::default() });
    } else {
        one.state = Some(terminated(code));
        one.ready = false;
    }
}

#[rstest]
fn a_container_that_is_killed_from_outside_never_makes_a_fail(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    // If the drive itself stops the kubelet, the runtime or the sandbox, the cause of an exit is unknown.
    if case.allows.contains(&Disturbance::Outage) {
        return;
    }
    let mut wrong = Vec::new();
    for (uid, name) in containers(&evidence) {
        let runs = |seen: &SeenPod| {
            let status = seen.container(&name).and_then(|one| one.state.as_ref());
            seen.uid() == uid && status.is_some_and(|state| state.running.is_some())
        };
        let first = evidence.timeline.iter().position(runs).unwrap();
        let last = evidence.timeline.iter().rposition(runs).unwrap();
        // A container that is expected to run out of memory ends like this anyway; so does one of a deleted pod, below.
        if case.allows.iter().any(|one| matches!(one, Disturbance::OutOfMemory(starved) if *starved == name))
        {
            continue;
        }
        for (code, restarted) in EXITS {
            for from in [first, last] {
                if evidence.timeline[from].pod.metadata.deletion_timestamp.is_some() {
                    continue;
                }
                let mut changed = evidence.clone();
                let mut later = changed.timeline[from..].iter_mut().filter(|seen| seen.uid() == uid);
                later.by_ref().for_each(|seen| end(seen, &name, code, restarted));
                if matches!(case.verdict(&changed), Verdict::Fail { .. }) {
                    let from = if from == first { "first" } else { "last" };
                    let what = if restarted { "restarted" } else { "ended" };
                    wrong.push(format!("{name} {what} after {code} from its {from} state on"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", case.id);
}
