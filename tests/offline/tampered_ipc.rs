//! Changes of evidence that contradict the assertions about IPC objects.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateRunning, ContainerStatus, PodStatus};
use podproof_core::evidence::Evidence;

use crate::judge_tampered::{
    ABSENT, PRESENT, Tampering, end_in_phase, log, replace_in_exec, replace_in_log, spoilt, token,
};

const FOUND: &str = r#""present":true"#;

pub(crate) const IPC_OBJECTS: &[Tampering] = &[
    ("ipc/mqueue-mount-shared", "is-listed", |e| replace_in_exec(e, "in-finder", r#"["podproof"]"#, "[]")),
    ("ipc/mqueue-mount-shared", "same-file", |e| replace_in_exec(e, "in-finder", r#""ino":"#, r#""ino":1"#)),
    ("ipc/mqueue-mount-shared", "tells-its-size", |e| {
        replace_in_exec(e, "in-finder", "QSIZE:30", "QSIZE:20")
    }),
    ("ipc/mq-blocks-at-maxmsg", "tells-eleven", |e| {
        let lines = &mut log(e, ("producer", 0)).lines;
        lines.push(lines[0].clone());
    }),
    ("ipc/mq-blocks-at-maxmsg", "queue-is-full", |e| {
        replace_in_exec(e, "look", r#""curmsgs":10"#, r#""curmsgs":9"#)
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
        replace_in_exec(e, "in-finder", r#""nattch":1"#, r#""nattch":0"#)
    }),
    ("ipc/sysv-shm", "both-ways", |e| replace_in_exec(e, "in-maker", "written back", "never written")),
    ("ipc/posix-shm", "same-bytes", |e| replace_in_exec(e, "look", &token(e), &spoilt(e))),
    ("ipc/posix-shm", "same-file", |e| replace_in_exec(e, "look", r#""ino":"#, r#""ino":1"#)),
    ("ipc/posix-named-sem", "is-found", |e| replace_in_exec(e, "look", FOUND, ABSENT)),
    ("ipc/posix-named-sem", "sleeps", |e| replace_in_exec(e, "look", r#""value":0"#, r#""value":1"#)),
    ("ipc/posix-named-sem", "is-woken", |e| replace_in_exec(e, "after", r#""value":0"#, r#""value":1"#)),
    ("ipc/devshm-size", "is-memory", |e| {
        replace_in_log(e, ("one", 0), r#""fstype":"tmpfs""#, r#""fstype":"ext4""#)
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
        replace_in_exec(e, "in-the-pod", r#""echo":""#, r#""echo":"x"#)
    }),
    ("ipc/abstract-socket", "not-in-another-pod", |e| {
        replace_in_exec(e, "in-another-pod", "ECONNREFUSED", "EACCES")
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
        replace_in_exec(e, "look", "write --path", "read --path")
    }),
    ("ipc/share-process-namespace", "neither-is-first", |e| {
        replace_in_exec(e, "look", "/pause", "/probe nonce then hold");
    }),
    ("ipc/share-process-namespace", "files-can-be-read", |e| {
        replace_in_exec(e, "peek", &token(e), &spoilt(e))
    }),
    ("ipc/share-process-namespace", "signal-arrives", |e| {
        replace_in_log(e, ("left", 0), r#""signal":"USR1""#, r#""signal":"USR2""#);
    }),
    ("ipc/mc2-exit-marker", "reads-up-to-the-marker", |e| drop(log(e, ("consumer", 0)).lines.remove(2))),
    ("ipc/mc2-exit-marker", "leaves-the-rest", |e| replace_in_exec(e, "receive", "too late", "in time")),
    ("ipc/queue-attributes", "are-seen", |e| replace_in_exec(e, "look", r#""maxmsg":3"#, r#""maxmsg":4"#)),
    ("ipc/queue-attributes", "bind-every-sender", |e| {
        replace_in_exec(e, "too-many", r#""sent":3"#, r#""sent":2"#)
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
