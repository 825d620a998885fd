//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateRunning, ContainerStatus, PodStatus};
use podproof_core::evidence::Evidence;

use crate::tampering::{
    ABSENT, PRESENT, Tampering, end_consumer_with, end_in_phase, line_with, log, on_node, replace_in_exec,
    replace_in_log, spoilt, swap_messages, token,
};

const FOUND: &str = r#""present":true"#;

pub(crate) const ROWS: &[Tampering] = &[
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
        replace_in_exec(e, "in-sibling", "-3\"", "-4\"");
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
    ("ipc/mqueue-mount-shared", "is-listed", |e| replace_in_exec(e, "in-finder", r#"["podproof"]"#, "[]")),
    ("ipc/mqueue-mount-shared", "same-file", |e| replace_in_exec(e, "in-finder", r#""ino":"#, r#""ino":1"#)),
    ("ipc/mqueue-mount-shared", "tells-its-size", |e| {
        replace_in_exec(e, "in-finder", "QSIZE:30", "QSIZE:20");
    }),
    ("ipc/mq-blocks-at-maxmsg", "tells-eleven", |e| {
        let lines = &mut log(e, ("producer", 0)).lines;
        lines.push(lines[0].clone());
    }),
    ("ipc/mq-blocks-at-maxmsg", "queue-is-full", |e| {
        replace_in_exec(e, "look", r#""curmsgs":10"#, r#""curmsgs":9"#);
    }),
    ("ipc/mq-survives-producer-exit", "all-five-wait", |e| replace_in_exec(e, "receive", "-5\"", "-6\"")),
    ("ipc/mq-priority", "highest-first", |e| {
        replace_in_exec(e, "receive", r#""third","first""#, r#""first","third""#);
    }),
    ("ipc/mq-priority", "first-sent-first", |e| {
        replace_in_exec(e, "receive", r#""first","fourth""#, r#""fourth","first""#);
    }),
    ("ipc/mq-permissions", "others-may-read", |e| {
        replace_in_exec(e, "read", r#""opened":true"#, r#""opened":false"#);
    }),
    ("ipc/mq-permissions", "others-may-not-write", |e| {
        replace_in_exec(e, "write", r#""opened":false"#, r#""opened":true"#);
    }),
    ("ipc/mq-permissions", "others-may-not-remove", |e| replace_in_exec(e, "left", FOUND, ABSENT)),
    ("ipc/sysv-semaphore", "is-found", |e| replace_in_exec(e, "look", FOUND, ABSENT)),
    ("ipc/sysv-semaphore", "sleeps", |e| replace_in_exec(e, "look", r#""value":0"#, r#""value":1"#)),
    ("ipc/sysv-semaphore", "is-woken", |e| replace_in_exec(e, "after", r#""value":0"#, r#""value":1"#)),
    ("ipc/sysv-msg", "same-bytes", |e| replace_in_exec(e, "receive", &token(e), &spoilt(e))),
    ("ipc/sysv-msg", "is-taken", |e| replace_in_exec(e, "left", r#""count":0"#, r#""count":1"#)),
    ("ipc/sysv-shm", "same-bytes", |e| replace_in_exec(e, "in-finder", &token(e), &spoilt(e))),
    ("ipc/sysv-shm", "attached-is-counted", |e| {
        replace_in_exec(e, "in-finder", r#""nattch":1"#, r#""nattch":0"#);
    }),
    ("ipc/sysv-shm", "both-ways", |e| replace_in_exec(e, "in-maker", "written back", "never written")),
    ("ipc/posix-shm", "same-bytes", |e| replace_in_exec(e, "look", &token(e), &spoilt(e))),
    ("ipc/posix-shm", "same-file", |e| replace_in_exec(e, "look", r#""ino":"#, r#""ino":1"#)),
    ("ipc/posix-named-sem", "is-found", |e| replace_in_exec(e, "look", FOUND, ABSENT)),
    ("ipc/posix-named-sem", "sleeps", |e| replace_in_exec(e, "look", r#""value":0"#, r#""value":1"#)),
    ("ipc/posix-named-sem", "is-woken", |e| replace_in_exec(e, "after", r#""value":0"#, r#""value":1"#)),
    ("ipc/devshm-size", "is-memory", |e| {
        replace_in_log(e, ("one", 0), r#""fstype":"tmpfs""#, r#""fstype":"ext4""#);
    }),
    ("ipc/devshm-size", "is-64-mib", |e| replace_in_log(e, ("one", 0), "67108864", "67104768")),
    ("ipc/kernel-limits", "fresh-values", |e| {
        replace_in_log(e, ("one", 0), r#""content":"16384"#, r#""content":"32768"#);
    }),
    ("ipc/kernel-limits", "no-more-messages", |e| on_line(e, "one", "/long", ("EINVAL", "EEXIST"))),
    ("ipc/kernel-limits", "no-larger-messages", |e| on_line(e, "one", "/wide", ("EINVAL", "EEXIST"))),
    ("ipc/kernel-limits", "no-more-queues", |e| {
        on_line(e, "one", "/many", (r#""created":256"#, r#""created":255"#));
    }),
    ("ipc/unsafe-sysctl-rejected", "never-runs", make_it_run),
    ("ipc/unsafe-sysctl-rejected", "is-failed", |e| {
        make_it_run(e);
        last_status(e).phase = Some("Running".to_owned());
    }),
    ("ipc/unsafe-sysctl-rejected", "says-why", |e| last_status(e).reason = None),
    ("ipc/sysv-rmid-forced", "set-in-every-container", |e| {
        replace_in_log(e, ("finder", 0), r#""content":"1"#, r#""content":"0"#);
    }),
    ("ipc/sysv-rmid-forced", "ends-with-its-last-user", |e| replace_in_exec(e, "look", ABSENT, PRESENT)),
    ("ipc/sysv-rmid-forced", "not-in-another-pod", |e| replace_in_exec(e, "look-in-other", FOUND, ABSENT)),
    ("ipc/unix-socket-on-volume", "is-a-socket", |e| {
        replace_in_exec(e, "connect", r#""kind":"socket""#, r#""kind":"file""#);
    }),
    ("ipc/unix-socket-on-volume", "is-answered", |e| replace_in_exec(e, "connect", &token(e), &spoilt(e))),
    ("ipc/stale-socket-file", "file-is-left", |e| {
        replace_in_exec(e, "after", r#""kind":"socket""#, r#""kind":"file""#);
    }),
    ("ipc/stale-socket-file", "cannot-listen-again", |e| {
        replace_in_log(e, ("main", 1), r#""ok":false"#, r#""ok":true"#);
        replace_in_log(e, ("main", 1), r#""errno":"#, r#""was":"#);
    }),
    ("ipc/stale-socket-file", "refuses-clients", |e| replace_in_exec(e, "after", "ECONNREFUSED", "EACCES")),
    ("ipc/abstract-socket", "is-answered", |e| {
        replace_in_exec(e, "in-the-pod", r#""echo":""#, r#""echo":"x"#);
    }),
    ("ipc/abstract-socket", "not-in-another-pod", |e| {
        replace_in_exec(e, "in-another-pod", "ECONNREFUSED", "EACCES");
    }),
    ("ipc/fifo-and-flock", "pipe-carries-bytes", |e| replace_in_exec(e, "read", &token(e), &spoilt(e))),
    ("ipc/fifo-and-flock", "lock-excludes", |e| {
        replace_in_exec(e, "held", r#""obtained":false"#, r#""obtained":true"#);
    }),
    ("ipc/fifo-and-flock", "lock-ends-with-its-holder", |e| {
        replace_in_exec(e, "free", r#""obtained":true"#, r#""obtained":false"#);
    }),
    ("ipc/no-signals-by-default", "others-are-not-seen", |e| {
        replace_in_exec(e, "left", r#""cmdline":""#, r#""cmdline":"/probe nonce then hold "#);
    }),
    ("ipc/no-signals-by-default", "own-is-first", |e| replace_in_exec(e, "left", "/probe write", "/pause")),
    ("ipc/no-signals-by-default", "others-get-no-signal", |e| replace_in_exec(e, "signal", "ESRCH", "EPERM")),
    ("ipc/share-process-namespace", "sees-the-other", |e| {
        replace_in_exec(e, "look", "write --path", "read --path");
    }),
    ("ipc/share-process-namespace", "neither-is-first", |e| {
        replace_in_exec(e, "look", "/pause", "/probe nonce then hold");
    }),
    ("ipc/share-process-namespace", "files-can-be-read", |e| {
        replace_in_exec(e, "peek", &token(e), &spoilt(e));
    }),
    ("ipc/share-process-namespace", "signal-arrives", |e| {
        replace_in_log(e, ("left", 0), r#""signal":"USR1""#, r#""signal":"USR2""#);
    }),
    ("ipc/mc2-exit-marker", "reads-up-to-the-marker", |e| drop(log(e, ("consumer", 0)).lines.remove(2))),
    ("ipc/mc2-exit-marker", "leaves-the-rest", |e| replace_in_exec(e, "receive", "too late", "in time")),
    ("ipc/queue-attributes", "are-seen", |e| replace_in_exec(e, "look", r#""maxmsg":3"#, r#""maxmsg":4"#)),
    ("ipc/queue-attributes", "bind-every-sender", |e| {
        replace_in_exec(e, "too-many", r#""sent":3"#, r#""sent":2"#);
    }),
    ("ipc/mq-needs-no-mount", "arrives", |e| replace_in_exec(e, "receive", &token(e), &spoilt(e))),
    ("ipc/devshm-one-limit", "all-see-the-file", |e| {
        replace_in_exec(e, "look", r#""size":4194304"#, r#""size":4194303"#);
    }),
    ("ipc/devshm-one-limit", "counts-for-all", |e| {
        replace_in_exec(e, "look", r#""free_bytes":"#, r#""free_bytes":67108864,"was":"#);
    }),
    ("ipc/devshm-one-limit", "is-full-for-all", |e| {
        replace_in_exec(e, "fill", r#""bytes_written":"#, r#""bytes_written":9"#);
    }),
    ("ipc/init-leaves-objects", "queue-is-left", |e| replace_in_log(e, ("app", 0), "-3\"", "-4\"")),
    ("ipc/init-leaves-objects", "segment-is-left", |e| {
        on_line(e, "app", "shm-look", (r#""text":""#, r#""text":"x"#));
    }),
    ("ipc/init-leaves-objects", "shm-file-is-left", |e| {
        on_line(e, "app", "/dev/shm/token", (r#""content":""#, r#""content":"x"#));
    }),
    ("ipc/userns-pod", "own-users", |e| replace_in_log(e, ("consumer", 0), "1879048192", "0")),
    ("ipc/userns-pod", "one-namespace-each", |e| replace_in_log(e, ("consumer", 0), "ipc:[", "ipc:[9")),
    ("ipc/userns-pod", "all-is-delivered", |e| drop(log(e, ("consumer", 0)).lines.remove(7))),
    ("ipc/userns-pod", "pod-succeeds", |e| end_in_phase(e, "Failed")),
    ("ipc/restart-all-keeps-ipc", "queue-survives", |e| replace_in_exec(e, "in-sibling", "-3\"", "-4\"")),
    ("ipc/restart-all-keeps-ipc", "segment-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""text":""#, r#""text":"x"#);
    }),
    ("ipc/restart-all-keeps-ipc", "shm-file-survives", |e| {
        replace_in_exec(e, "in-sibling", r#""content":""#, r#""content":"x"#);
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
];

/// Changes the line of a container's log that has `mark` in it.
fn on_line(evidence: &mut Evidence, container: &str, mark: &str, (from, to): (&str, &str)) {
    let mut lines = log(evidence, (container, 0)).lines.iter_mut();
    let line = lines.find(|line| line.text.contains(mark)).unwrap();
    line.text = line.text.replacen(from, to, 1);
}

fn last_status(evidence: &mut Evidence) -> &mut PodStatus {
    evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap()
}

/// Makes the container run that must never run.
fn make_it_run(evidence: &mut Evidence) {
    let running =
        ContainerState { running: Some(ContainerStateRunning::default()), ..ContainerState::default() };
    let status =
        ContainerStatus { name: "one".to_owned(), state: Some(running), ..ContainerStatus::default() };
    last_status(evidence).container_statuses = Some(vec![status]);
}

fn found_again(evidence: &mut Evidence, look: &str) {
    let line = line_with(evidence, ("main", 1), look);
    replace_in_log(evidence, ("main", 1), &line, &line.replace(ABSENT, PRESENT));
}
