//! Changes of evidence that contradict the assertions of cases that act on the node or take minutes.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateWaiting};
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::{Evidence, NodeCommand};

use crate::judge_tampered::{
    ABSENT, OK, PRESENT, Tampering, each_end, each_status, end_in_phase, last_status, line_with,
    replace_in_exec, replace_in_log, spoilt, token, watch_to_the_end,
};
use crate::tampered_restart::{say_delay, seen_at_once};

pub(crate) const ROWS: &[Tampering] = &[
    ("volume/gone-from-node-disk", "volume-is-gone", volume_stays),
    ("volume/gone-when-terminal", "volume-is-gone", volume_stays),
    ("volume/gone-on-eviction", "is-evicted", never_evicted),
    ("volume/gone-on-eviction", "volume-is-gone", volume_stays),
    ("volume/disk-sizelimit-evicts", "is-evicted", never_evicted),
    ("volume/disk-sizelimit-evicts", "message-names-the-volume", |e| {
        e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap().message = Some("no room".to_owned());
    }),
    ("volume/survives-sandbox-recreate", "token-survives", spoil_second_log),
    ("volume/survives-kubelet-restart", "disk-token-survives", |e| spoil_exec(e, "disk-after")),
    ("volume/survives-kubelet-restart", "memory-token-survives", |e| spoil_exec(e, "memory-after")),
    ("volume/survives-kubelet-restart", "nothing-restarts", another_process),
    ("volume/survives-runtime-restart", "disk-token-survives", |e| spoil_exec(e, "disk-after")),
    ("volume/survives-runtime-restart", "memory-token-survives", |e| spoil_exec(e, "memory-after")),
    ("volume/survives-runtime-restart", "nothing-restarts", another_process),
    ("volume/in-use-while-terminating", "token-is-there", |e| spoil_exec(e, "token-after")),
    ("volume/disk-survives-reboot", "token-survives", spoil_second_log),
    ("volume/memory-lost-on-reboot", "token-is-gone", |e| replace_in_log(e, ("main", 1), ABSENT, PRESENT)),
    ("volume/memory-persists-oom", "token-survives", spoil_second_log),
    ("volume/memory-persists-oom", "what-filled-it-stays", |e| {
        let line = line_with(e, ("main", 1), "/data/full");
        let size = line.split(r#""size":"#).nth(1).unwrap().split(',').next().unwrap().to_owned();
        replace_in_log(e, ("main", 1), &format!(r#""size":{size}"#), r#""size":0"#);
    }),
    ("volume/preserved-by-restart-all", "token-survives", spoil_second_log),
    ("volume/mode-field", "mode-is-the-fields", |e| replace_in_exec(e, "mode", "1777", "777")),
    ("volume/mode-field", "others-may-not-remove", |e| {
        replace_in_exec(e, "remove-in-second", r#""ok":false"#, OK);
    }),
    ("ipc/restart-all-keeps-ipc", "queue-survives", |e| replace_in_exec(e, "in-sibling", "-3\"", "-4\"")),
    ("ipc/restart-all-keeps-ipc", "segment-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""text":""#, r#""text":"x"#);
    }),
    ("ipc/restart-all-keeps-ipc", "shm-file-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""content":""#, r#""content":"x"#);
    }),
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
    ("ipc/not-the-nodes", "another-than-the-nodes", |e| {
        let line = line_with(e, ("main", 0), "identity");
        let pods = line.split('"').find(|text| text.starts_with("ipc:[")).unwrap().to_owned();
        let command = on_node(e, "ipc-of-node");
        let boot = command.stdout.lines().next().unwrap().to_owned();
        command.stdout = format!("{boot}\n{pods}\n");
    }),
    ("ipc/lost-on-sandbox-recreate", "queue-is-lost", |e| found_again(e, "mq-look")),
    ("ipc/lost-on-sandbox-recreate", "segment-is-lost", |e| found_again(e, "shm-look")),
    ("lifecycle/api-gone-implies-volume-gone", "volume-went-first", volume_stays),
    ("lifecycle/associated-uid", "new-uid-has-its-own", |e| {
        let absent = on_node(e, "volume-after").stdout.clone();
        on_node(e, "volume-of-the-new").stdout = absent;
    }),
    ("lifecycle/associated-uid", "old-uid-has-none", volume_stays),
];

fn on_node<'e>(evidence: &'e mut Evidence, label: &str) -> &'e mut NodeCommand {
    evidence.node_commands.iter_mut().find(|command| command.label == label).unwrap()
}

fn volume_stays(evidence: &mut Evidence) {
    "present directory 4711\n".clone_into(&mut on_node(evidence, "volume-after").stdout);
}

fn never_evicted(evidence: &mut Evidence) {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    (status.phase, status.reason) = (Some("Running".to_owned()), None);
    watch_to_the_end(evidence);
}

fn spoil_second_log(evidence: &mut Evidence) {
    let (token, spoilt) = (token(evidence), spoilt(evidence));
    replace_in_log(evidence, ("main", 1), &token, &spoilt);
}

fn spoil_exec(evidence: &mut Evidence, label: &str) {
    let (token, spoilt) = (token(evidence), spoilt(evidence));
    replace_in_exec(evidence, label, &token, &spoilt);
}

fn another_process(evidence: &mut Evidence) {
    replace_in_exec(evidence, "identity-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
}

fn found_again(evidence: &mut Evidence, look: &str) {
    let line = line_with(evidence, ("main", 1), look);
    replace_in_log(evidence, ("main", 1), &line, &line.replace(ABSENT, PRESENT));
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
