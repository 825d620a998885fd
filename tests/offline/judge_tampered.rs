//! Judges before evidence that was changed in one place: each assertion notices what it is about.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};
use podproof::evidence::{Evidence, LogText};
use podproof::plan::{Catalogue, Tree};

use crate::judge::{Recorded, failed};
use crate::tampered_network::NETWORK;

const ABSENT: &str = r#""present":false,"errno":"ENOENT""#;
const PRESENT: &str = r#""present":true,"content":"x","curmsgs":1"#;

/// A claim, one of its assertions, and a change of good evidence that contradicts it.
pub(crate) type Tampering = (&'static str, &'static str, fn(&mut Evidence));

const VOLUME: &[Tampering] = &[
    ("volume/shared-two-mountpaths", "same-bytes", |e| in_exec(e, "in-reader", &token(e), &spoilt(e))),
    ("volume/shared-two-mountpaths", "same-file", |e| in_exec(e, "in-reader", r#""ino":"#, r#""ino":1"#)),
    ("volume/http-equals-file", "serves-the-file", |e| in_page(e, |page| page.replacen(' ', "x", 1))),
    ("volume/http-equals-file", "page-grows", |e| {
        let first = e.fetches[0].answer.clone().unwrap().1;
        in_page(e, |_| first.clone());
    }),
    ("volume/http-equals-file", "same-in-both", |e| in_exec(e, "file-in-1st", " ", "x")),
    ("volume/survives-exit-zero", "token-survives", |e| in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/survives-exit-nonzero", "token-survives", |e| in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/survives-sigkill", "token-survives", |e| in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/survives-sigkill", "synced-part-survives", |e| in_log(e, ("main", 1), "synced-", "sunk-")),
    ("volume/rootfs-does-not-survive", "layer-is-lost", |e| in_log(e, ("main", 1), ABSENT, PRESENT)),
    ("volume/rootfs-does-not-survive", "volume-is-kept", |e| in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/gone-on-same-name-recreate", "starts-empty", |e| {
        in_log(e, ("holder", 0), r#""count":0"#, r#""count":1"#);
    }),
];

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
    ("restart/identity", "same-namespaces", |e| in_log(e, ("main", 1), "uts:[", "uts:[9")),
    ("restart/identity", "sibling-goes-on", |e| {
        in_exec(e, "sibling-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
    }),
    ("restart/logs-previous", "previous-is-kept", |e| in_recall(e, "previous")),
    ("restart/logs-previous", "current-is-the-new-one", |e| in_recall(e, "current")),
];

const IPC: &[Tampering] = &[
    ("ipc/same-namespace", "one-in-the-pod", |e| in_log(e, ("right", 0), "ipc:[", "ipc:[9")),
    ("ipc/same-namespace", "another-in-another-pod", |e| {
        let output = e.execs.iter().find(|exec| exec.label == "ipc-of-three").unwrap().stdout.clone();
        e.execs.iter_mut().find(|exec| exec.label == "ipc-of-other").unwrap().stdout = output;
    }),
    ("ipc/mc2-article", "all-produced", |e| drop(log(e, ("producer", 0)).lines.remove(7))),
    ("ipc/mc2-article", "all-consumed", |e| drop(log(e, ("consumer", 0)).lines.remove(7))),
    ("ipc/mc2-article", "done-is-last", |e| in_log(e, ("consumer", 0), "Consumed: done", "Consumed: d0ne")),
    ("ipc/mc2-article", "same-order", swap_messages),
    ("ipc/mc2-article", "both-exit-zero", |e| end_consumer_with(e, 1)),
    ("ipc/mc2-article", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("ipc/mc2-no-loss-content", "each-once-in-order", swap_messages),
    ("ipc/mc2-no-loss-content", "content-is-intact", |e| in_log(e, ("consumer", 0), " at ", "0 at ")),
    ("ipc/mc2-no-loss-content", "queue-is-gone", |e| in_log(e, ("witness", 0), ABSENT, PRESENT)),
    ("ipc/survives-container-restart", "queue-survives", |e| in_exec(e, "in-sibling", "-3\"", "-4\"")),
    ("ipc/survives-container-restart", "segment-survives", |e| {
        in_exec(e, "in-sibling", r#""text":""#, r#""text":"x"#);
    }),
    ("ipc/survives-container-restart", "shm-file-survives", |e| {
        in_exec(e, "in-sibling", r#""content":""#, r#""content":"x"#);
    }),
    ("ipc/gone-on-replacement", "queue-is-gone", |e| in_log(e, ("holder", 0), ABSENT, PRESENT)),
    ("ipc/gone-on-replacement", "shm-file-is-gone", |e| {
        let file = e.logs.last().unwrap().texts().find(|line| line.contains("read")).unwrap().to_owned();
        in_log(e, ("holder", 0), &file, &file.replace(ABSENT, PRESENT));
    }),
];

const STARTUP: &[Tampering] = &[
    ("startup/spec-order", "processes-in-order", |e| {
        in_log(e, ("fourth", 0), r#""pid1_start_ticks":"#, r#""pid1_start_ticks":0,"was":"#);
    }),
    ("startup/spec-order", "events-in-order", |e| {
        // Ticks that tell the processes apart would overrule the events.
        for container in ["first", "second", "third", "fourth"] {
            in_log(e, (container, 0), r#""pid1_start_ticks":"#, r#""pid1_start_ticks":7,"was":"#);
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
    ("startup/fix-retry", "all-succeed", |e| end_consumer_with(e, 1)),
    ("startup/fix-retry", "all-is-delivered", swap_messages),
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
    ("isolation/mqueue-between-pods", "not-visible", |e| in_exec(e, "look-there", ABSENT, PRESENT)),
    ("isolation/mqueue-between-pods", "no-crosstalk", |e| {
        in_exec(e, "receive-here", "from-here", "from-there");
    }),
];

fn all() -> impl Iterator<Item = &'static Tampering> {
    [VOLUME, RESTART, IPC, STARTUP, REST, NETWORK].into_iter().flatten()
}

#[test]
fn each_assertion_notices_what_contradicts_it() {
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
fn every_assertion_of_every_claim_is_contradicted_once() {
    let catalogue = Catalogue::read(&Tree::Embedded).unwrap();
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

pub(crate) fn in_exec(evidence: &mut Evidence, label: &str, from: &str, to: &str) {
    let exec = evidence.execs.iter_mut().find(|exec| exec.label == label).unwrap();
    exec.stdout = exec.stdout.replacen(from, to, 1);
}

pub(crate) fn in_page(evidence: &mut Evidence, change: impl Fn(&str) -> String) {
    let page = &mut evidence.fetches.last_mut().unwrap().answer.as_mut().unwrap().1;
    *page = change(page);
}

fn in_recall(evidence: &mut Evidence, label: &str) {
    let recall = evidence.recalls.iter_mut().find(|recall| recall.label == label).unwrap();
    let text = recall.answer.as_mut().unwrap();
    *text = text.replacen(r#""nonce":""#, r#""nonce":"0"#, 1);
}

/// The last log of such an instance: after a replacement, that of the new pod.
pub(crate) fn log<'e>(evidence: &'e mut Evidence, (container, restart): (&str, i32)) -> &'e mut LogText {
    let is_it = |log: &&mut LogText| log.container == container && log.restart == restart;
    evidence.logs.iter_mut().rev().find(is_it).unwrap()
}

pub(crate) fn in_log(evidence: &mut Evidence, place: (&str, i32), from: &str, to: &str) {
    let line = log(evidence, place).lines.iter_mut().find(|line| line.text.contains(from)).unwrap();
    line.text = line.text.replacen(from, to, 1);
}

/// Exchanges two messages of the consumer that differ.
fn swap_messages(evidence: &mut Evidence) {
    let lines = &mut log(evidence, ("consumer", 0)).lines;
    let first = lines.iter().position(|line| line.text.starts_with("Consumed: ")).unwrap();
    let other = (first..lines.len()).find(|at| lines[*at].text != lines[first].text).unwrap();
    lines.swap(first, other);
}

fn each_status(evidence: &mut Evidence, container: &str, change: impl Fn(&mut ContainerStatus)) {
    for seen in &mut evidence.timeline {
        let statuses = seen.pod.status.as_mut().and_then(|status| status.container_statuses.as_mut());
        statuses.into_iter().flatten().filter(|status| status.name == container).for_each(&change);
    }
}

fn last_status<'e>(evidence: &'e mut Evidence, container: &str) -> &'e mut ContainerStatus {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    let mut statuses = status.container_statuses.as_mut().unwrap().iter_mut();
    statuses.find(|status| status.name == container).unwrap()
}

fn before(status: &mut ContainerStatus) -> Option<&mut ContainerStateTerminated> {
    status.last_state.as_mut()?.terminated.as_mut()
}

/// Changes the exit code of the consumer wherever it is told.
fn end_consumer_with(evidence: &mut Evidence, code: i32) {
    each_status(evidence, "consumer", |status| {
        if let Some(end) = status.state.as_mut().and_then(|state| state.terminated.as_mut()) {
            end.exit_code = code;
        }
    });
}

pub(crate) fn repeat_last_state(evidence: &mut Evidence) {
    evidence.timeline.push(evidence.timeline.last().unwrap().clone());
}

fn end_in_phase(evidence: &mut Evidence, phase: &str) {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    status.phase = Some(phase.to_owned());
}
