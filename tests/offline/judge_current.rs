//! Verdicts from evidence as current Kubernetes versions give it, where that differs from the recorded evidence.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStateWaiting};
use podproof_core::evidence::Evidence;
use podproof_core::judge::Verdict;
use rstest::rstest;

use crate::judge::{Recorded, failed, fixtures};
use crate::tampering::replace_in_log;

/// The exit code that triggers the rule, and the exit code that the kubelet reports for containers it removed.
const LISTED: i32 = 42;
const REMOVED: i32 = 137;

fn recorded(claim: &str, name: &str) -> Recorded {
    Recorded::read(&fixtures().join(claim).join(format!("{name}.json")))
}

/// A restart of all containers as a kubelet of 1.36 reports it if its statuses follow each other too fast: without the
/// exit of the container and without the condition, only with the reason for which it waits.
fn merge_statuses(evidence: &mut Evidence) {
    let reason = || Some("RestartingAllContainers".to_owned());
    let removed = || ContainerStateTerminated {
        exit_code: REMOVED,
        reason: reason(),
        ..ContainerStateTerminated::default()
    };
    for status in evidence.timeline.iter_mut().filter_map(|seen| seen.pod.status.as_mut()) {
        status.conditions.iter_mut().flatten().for_each(|condition| {
            assert!(condition.type_ == "Ready" || condition.type_ == "AllContainersRestarting");
        });
        if let Some(conditions) = &mut status.conditions {
            conditions.retain(|condition| condition.type_ == "Ready");
        }
        for container in status.container_statuses.iter_mut().flatten() {
            let ends = |state: &Option<ContainerState>| {
                let ended = state.as_ref().and_then(|state| state.terminated.as_ref());
                ended.is_some_and(|ended| ended.exit_code == LISTED)
            };
            if ends(&container.state) {
                let waiting = Some(ContainerStateWaiting { reason: reason(), message: None });
                container.state = Some(ContainerState { waiting, ..ContainerState::default() });
                container.last_state =
                    Some(ContainerState { terminated: Some(removed()), ..ContainerState::default() });
            } else if ends(&container.last_state) {
                container.last_state =
                    Some(ContainerState { terminated: Some(removed()), ..ContainerState::default() });
            }
        }
    }
}

/// The same, but the kubelet reports `ContainerStatusUnknown` for the containers it removed.
fn merge_statuses_as_unknown(evidence: &mut Evidence) {
    merge_statuses(evidence);
    for status in evidence.timeline.iter_mut().filter_map(|seen| seen.pod.status.as_mut()) {
        for container in status.container_statuses.iter_mut().flatten() {
            let ended = container.last_state.as_mut().and_then(|state| state.terminated.as_mut());
            if let Some(ended) = ended.filter(|ended| ended.exit_code == REMOVED) {
                ended.reason = Some("ContainerStatusUnknown".to_owned());
            }
        }
    }
}

#[rstest]
fn a_restart_of_all_containers_is_judged_from_either_form(
    #[values(merge_statuses, merge_statuses_as_unknown)] change_statuses: fn(&mut Evidence),
    #[values(
        ("volume/preserved-by-restart-all", "green"),
        ("volume/preserved-by-restart-all", "starts-clean"),
        ("restart/restart-all", "green"),
        ("ipc/restart-all-keeps-ipc", "green"),
        ("ipc/restart-all-keeps-ipc", "unlinks-the-queue"),
        ("ipc/restart-all-keeps-ipc", "removes-the-segment"),
        ("ipc/restart-all-keeps-ipc", "removes-the-file")
    )]
    place: (&str, &str),
) {
    let Recorded { case, mutant, mut evidence, .. } = recorded(place.0, place.1);
    let before = evidence.clone();
    change_statuses(&mut evidence);
    assert_ne!(before, evidence);
    let verdict = case.verdict(&evidence);
    match mutant {
        None => assert_eq!(verdict, Verdict::Pass),
        Some(mutant) => assert_eq!(failed(&verdict), [mutant.must_fail.as_str()], "{verdict:?}"),
    }
}

#[test]
fn an_exit_with_another_code_is_not_a_restart_by_the_rule() {
    let Recorded { case, mut evidence, .. } = recorded("volume/preserved-by-restart-all", "green");
    merge_statuses(&mut evidence);
    for seen in &mut evidence.timeline {
        for status in seen.pod.status.as_mut().unwrap().container_statuses.iter_mut().flatten() {
            let waiting = status.state.as_mut().and_then(|state| state.waiting.as_mut());
            if let Some(waiting) = waiting {
                waiting.reason = Some("CrashLoopBackOff".to_owned());
            }
        }
    }
    replace_in_log(&mut evidence, ("main", 0), r#""code":42"#, r#""code":1"#);
    let verdict = case.verdict(&evidence);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
}

/// Since 1.2 runc clears these mount options of /dev/shm.
#[test]
fn mount_options_of_dev_shm_do_not_matter() {
    let Recorded { case, mut evidence, .. } = recorded("ipc/devshm-size", "green");
    replace_in_log(&mut evidence, ("one", 0), r#""nosuid","nodev","noexec","#, "");
    assert_eq!(case.verdict(&evidence), Verdict::Pass);
}

/// A restarted kubelet keeps the readiness only of containers that started more than ten seconds before it.
#[test]
fn a_young_container_that_becomes_unready_is_inconclusive() {
    let Recorded { case, mut evidence, .. } = recorded("restart/kubelet-restart-status", "not-ready");
    let clock = evidence.node_commands.iter_mut().find(|command| command.label == "clock").unwrap();
    let now: i64 = clock.stdout.trim().parse().unwrap();
    clock.stdout = format!("{}\n", now - 13);
    let verdict = case.verdict(&evidence);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
}
