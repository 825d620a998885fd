//! Verdicts from evidence that was changed in one place: the assertion that the change contradicts must fail.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};
use podproof_core::evidence::{Evidence, LogText, Mark};

use crate::judge::{Recorded, catalogue, failed};
use crate::tampered_ipc::IPC_OBJECTS;
use crate::tampered_isolation::ISOLATION;
use crate::tampered_network::NETWORK;
use crate::tampered_volume::VOLUME;
use crate::{tampered_lifecycle, tampered_node, tampered_restart, tampered_startup};

/// Fields of a report on an object that is absent, and on one that is present.
pub(crate) const ABSENT: &str = r#""present":false,"errno":"ENOENT""#;
pub(crate) const PRESENT: &str = r#""present":true,"content":"x","text":"x","curmsgs":1"#;

/// Fields of a report on an operation that succeeded, and on one that the system refused.
pub(crate) const OK: &str = r#""ok":true"#;
pub(crate) const REFUSED: &str = r#""ok":false,"errno":"EACCES""#;

/// A claim, one of its assertions, and a change of good evidence that contradicts it.
pub(crate) type Tampering = (&'static str, &'static str, fn(&mut Evidence));

const RESTART: &[Tampering] = &[
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
];

const IPC: &[Tampering] = &[
    ("ipc/same-namespace", "one-in-the-pod", |e| replace_in_log(e, ("right", 0), "ipc:[", "ipc:[9")),
    ("ipc/same-namespace", "another-in-another-pod", |e| {
        let output = e.execs.iter().find(|exec| exec.label == "ipc-of-three").unwrap().stdout.clone();
        e.execs.iter_mut().find(|exec| exec.label == "ipc-of-other").unwrap().stdout = output;
    }),
    ("ipc/mc2-article", "all-produced", |e| drop(log(e, ("producer", 0)).lines.remove(7))),
    ("ipc/mc2-article", "all-consumed", |e| drop(log(e, ("consumer", 0)).lines.remove(7))),
    ("ipc/mc2-article", "done-is-last", |e| {
        replace_in_log(e, ("consumer", 0), "Consumed: done", "Consumed: done and gone");
    }),
    ("ipc/mc2-article", "same-order", swap_messages),
    ("ipc/mc2-article", "both-exit-zero", |e| end_consumer_with(e, 1)),
    ("ipc/mc2-article", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("ipc/mc2-no-loss-content", "each-once-in-order", swap_messages),
    ("ipc/mc2-no-loss-content", "content-is-intact", |e| replace_in_log(e, ("consumer", 0), " at ", "0 at ")),
    ("ipc/mc2-no-loss-content", "queue-is-gone", |e| replace_in_log(e, ("witness", 0), ABSENT, PRESENT)),
    ("ipc/survives-container-restart", "queue-survives", |e| {
        replace_in_exec(e, "in-sibling", "-3\"", "-4\"")
    }),
    ("ipc/survives-container-restart", "segment-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""text":""#, r#""text":"x"#);
    }),
    ("ipc/survives-container-restart", "shm-file-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""content":""#, r#""content":"x"#);
    }),
    ("ipc/gone-on-replacement", "queue-is-gone", |e| replace_in_log(e, ("holder", 0), ABSENT, PRESENT)),
    ("ipc/gone-on-replacement", "shm-file-is-gone", |e| {
        let file = e.logs.last().unwrap().texts().find(|line| line.contains("read")).unwrap().to_owned();
        replace_in_log(e, ("holder", 0), &file, &file.replace(ABSENT, PRESENT));
    }),
];

const REST: &[Tampering] = &[
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
];

fn all() -> impl Iterator<Item = &'static Tampering> {
    let rows = [
        VOLUME,
        RESTART,
        IPC,
        IPC_OBJECTS,
        tampered_startup::ROWS,
        REST,
        NETWORK,
        ISOLATION,
        tampered_restart::ROWS,
        tampered_lifecycle::ROWS,
        tampered_node::ROWS,
    ];
    rows.into_iter().flatten()
}

#[test]
fn each_assertion_fails_on_contradicting_evidence() {
    for (claim, assertion, tamper) in all() {
        let Recorded { case, mut evidence, .. } = Recorded::green(claim);
        let before = evidence.clone();
        tamper(&mut evidence);
        assert_ne!(before, evidence, "{claim} {assertion}: nothing was changed");
        let verdict = case.verdict(&evidence);
        assert!(failed(&verdict).contains(assertion), "{claim} {assertion}: {verdict:?}");
    }
}

#[test]
fn every_assertion_of_every_claim_has_contradicting_evidence() {
    let catalogue = catalogue();
    let asserted: BTreeSet<_> = catalogue
        .claims()
        .iter()
        .flat_map(|claim| claim.then.keys().map(|assertion| (claim.id.as_str(), assertion.as_str())))
        .collect();
    let contradicted: BTreeSet<_> = all().map(|(claim, assertion, _)| (*claim, *assertion)).collect();
    assert_eq!(contradicted, asserted);
}

pub(crate) fn token(evidence: &Evidence) -> String {
    evidence.token.clone()
}

/// The token with another last character.
pub(crate) fn spoilt(evidence: &Evidence) -> String {
    let mut token = token(evidence);
    let last = if token.pop() == Some('0') { '1' } else { '0' };
    token.push(last);
    token
}

pub(crate) fn replace_in_exec(evidence: &mut Evidence, label: &str, from: &str, to: &str) {
    let exec = evidence.execs.iter_mut().find(|exec| exec.label == label).unwrap();
    exec.stdout = exec.stdout.replacen(from, to, 1);
}

pub(crate) fn in_page(evidence: &mut Evidence, change: impl Fn(&str) -> String) {
    let page = &mut evidence.fetches.last_mut().unwrap().answer.as_mut().unwrap().1;
    *page = change(page);
}

pub(crate) fn in_requested_log(evidence: &mut Evidence, label: &str) {
    let requested = evidence.recalls.iter_mut().find(|log| log.label == label).unwrap();
    let text = requested.answer.as_mut().unwrap();
    *text = text.replacen(r#""nonce":""#, r#""nonce":"0"#, 1);
}

/// The last log of this instance of the container: after a replacement, that of the new pod.
pub(crate) fn log<'e>(evidence: &'e mut Evidence, (container, restart): (&str, i32)) -> &'e mut LogText {
    let is_it = |log: &&mut LogText| log.container == container && log.restart == restart;
    evidence.logs.iter_mut().rev().find(is_it).unwrap()
}

pub(crate) fn replace_in_log(evidence: &mut Evidence, place: (&str, i32), from: &str, to: &str) {
    let line = log(evidence, place).lines.iter_mut().find(|line| line.text.contains(from)).unwrap();
    line.text = line.text.replacen(from, to, 1);
}

pub(crate) fn in_all_logs(evidence: &mut Evidence, from: &str, to: &str) {
    for line in evidence.logs.iter_mut().flat_map(|log| &mut log.lines) {
        line.text = line.text.replace(from, to);
    }
}

/// The line of a log that has `words` in it.
pub(crate) fn line_with(evidence: &mut Evidence, place: (&str, i32), words: &str) -> String {
    log(evidence, place).texts().find(|line| line.contains(words)).unwrap().to_owned()
}

/// Exchanges two messages of the consumer that differ.
pub(crate) fn swap_messages(evidence: &mut Evidence) {
    let lines = &mut log(evidence, ("consumer", 0)).lines;
    let first = lines.iter().position(|line| line.text.starts_with("Consumed: ")).unwrap();
    let other = (first..lines.len()).find(|at| lines[*at].text != lines[first].text).unwrap();
    lines.swap(first, other);
}

pub(crate) fn each_status(evidence: &mut Evidence, container: &str, change: impl Fn(&mut ContainerStatus)) {
    for seen in &mut evidence.timeline {
        let statuses = seen.pod.status.as_mut().and_then(|status| status.container_statuses.as_mut());
        statuses.into_iter().flatten().filter(|status| status.name == container).for_each(&change);
    }
}

/// Removes the start events of a container, except the first.
pub(crate) fn started_once(evidence: &mut Evidence, container: &str) {
    let path = format!("{{{container}}}");
    let mut first = true;
    evidence.events.retain(|seen| {
        let about = seen.event.involved_object.field_path.as_deref().unwrap_or_default();
        let is_start = seen.event.reason.as_deref() == Some("Started") && about.ends_with(&path);
        !is_start || std::mem::take(&mut first)
    });
}

pub(crate) fn last_status<'e>(evidence: &'e mut Evidence, container: &str) -> &'e mut ContainerStatus {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    let mut statuses = status.container_statuses.as_mut().unwrap().iter_mut();
    statuses.find(|status| status.name == container).unwrap()
}

pub(crate) fn before(status: &mut ContainerStatus) -> Option<&mut ContainerStateTerminated> {
    status.last_state.as_mut()?.terminated.as_mut()
}

/// Changes the exit code of the consumer in every status.
pub(crate) fn end_consumer_with(evidence: &mut Evidence, code: i32) {
    each_end(evidence, "consumer", |end| end.exit_code = code);
}

/// Changes every terminated state of a container.
pub(crate) fn each_end(
    evidence: &mut Evidence,
    container: &str,
    change: impl Fn(&mut ContainerStateTerminated),
) {
    each_status(evidence, container, |status| {
        let states = [status.state.as_mut(), status.last_state.as_mut()].into_iter().flatten();
        states.filter_map(|state| state.terminated.as_mut()).for_each(&change);
    });
}

/// Changes every status of the init containers.
pub(crate) fn each_init(evidence: &mut Evidence, change: impl Fn(&mut ContainerStatus)) {
    for seen in &mut evidence.timeline {
        let statuses = seen.pod.status.as_mut().and_then(|status| status.init_container_statuses.as_mut());
        statuses.into_iter().flatten().for_each(&change);
    }
}

/// The last status of the only init container.
pub(crate) fn last_init(evidence: &mut Evidence) -> &mut ContainerStatus {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    &mut status.init_container_statuses.as_mut().unwrap()[0]
}

/// Adds the mark that the drive watched for its whole window.
pub(crate) fn watch_to_the_end(evidence: &mut Evidence) {
    evidence.marks.push(Mark { at: evidence.ended, name: "watched".to_owned() });
}

pub(crate) fn repeat_last_state(evidence: &mut Evidence) {
    evidence.timeline.push(evidence.timeline.last().unwrap().clone());
}

pub(crate) fn end_in_phase(evidence: &mut Evidence, phase: &str) {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    status.phase = Some(phase.to_owned());
}
