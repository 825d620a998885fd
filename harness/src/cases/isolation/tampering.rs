//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use podproof_core::evidence::{Applied, Evidence};

use crate::tampering::{ABSENT, PRESENT, Tampering, replace_in_exec, replace_in_log};

pub(crate) const ROWS: &[Tampering] = &[
    ("isolation/rootfs", "not-visible", |e| replace_in_exec(e, "in-right", ABSENT, PRESENT)),
    ("isolation/mqueue-between-pods", "not-visible", |e| replace_in_exec(e, "look-there", ABSENT, PRESENT)),
    ("isolation/mqueue-between-pods", "no-crosstalk", |e| {
        replace_in_exec(e, "receive-here", "from-here", "from-there");
    }),
    ("isolation/sysv-between-pods", "segment-is-not-visible", |e| in_look(e, "shm-look")),
    ("isolation/sysv-between-pods", "semaphore-is-not-visible", |e| in_look(e, "sem-look")),
    ("isolation/sysv-between-pods", "queue-is-not-visible", |e| in_look(e, "msg-look")),
    ("isolation/sysv-between-pods", "no-crosstalk", |e| {
        replace_in_exec(e, "again-here", "from-here", "from-there");
    }),
    ("isolation/devshm-between-pods", "not-visible", |e| replace_in_exec(e, "look-there", ABSENT, PRESENT)),
    ("isolation/devshm-between-pods", "no-crosstalk", |e| {
        replace_in_exec(e, "again-here", "from-here", "from-there");
    }),
    ("isolation/mqueue-quota-per-uid", "user-is-stopped", |e| {
        replace_in_log(e, ("filler", 0), r#","errno":"EMFILE""#, "");
    }),
    ("isolation/mqueue-quota-per-uid", "in-his-other-pods-too", |e| {
        replace_in_exec(e, "in-same", r#""created":0"#, r#""created":1"#);
    }),
    ("isolation/mqueue-quota-per-uid", "other-users-are-not", |e| {
        replace_in_exec(e, "in-other", r#""created":1"#, r#""created":0,"errno":"EMFILE""#);
    }),
    ("isolation/sysctl-between-pods", "set-in-its-pod", |e| {
        replace_in_exec(e, "read-here", r#""content":"1"#, r#""content":"0"#);
    }),
    ("isolation/sysctl-between-pods", "not-in-another", |e| {
        replace_in_exec(e, "read-there", r#""content":"0"#, r#""content":"1"#);
    }),
    ("isolation/hostipc-denied", "is-refused", |e| {
        let made = Applied { name: "leaner".to_owned(), ..e.applied[0].clone() };
        e.applied.push(made);
    }),
    ("isolation/hostipc-denied", "says-why", |e| {
        let message = &mut e.refusals[0].message;
        *message = message.replace("hostIPC", "hostPID");
    }),
    ("isolation/hostipc-leaks", "queue-is-left", |e| {
        replace_in_log(e, ("holder", 0), r#""present":true"#, r#""present":false,"errno":"ENOENT""#);
    }),
    ("isolation/ports-between-pods", "both-may-listen", |e| {
        replace_in_log(e, ("there", 0), r#""ok":true"#, r#""ok":false,"errno":"EADDRINUSE""#);
    }),
    ("isolation/ports-between-pods", "each-answers-itself", |e| {
        e.fetches.last_mut().unwrap().answer = e.fetches[0].answer.clone();
    }),
];

/// Makes the second pod find the object that it looks for with `verb`.
fn in_look(evidence: &mut Evidence, verb: &str) {
    let exec = evidence.execs.iter_mut().find(|exec| exec.label == "look-there").unwrap();
    let line = exec.stdout.lines().find(|line| line.contains(verb)).unwrap().to_owned();
    exec.stdout = exec.stdout.replacen(&line, &line.replace(ABSENT, PRESENT), 1);
}
