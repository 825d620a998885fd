//! Which files may sleep or wait without the stage, and where durations come from.

use podproof_tests::root;

use crate::architecture::{code, sources};

#[test]
fn only_listed_files_sleep() {
    // These wait between two attempts of an operation that gives no event.
    const MAY_SLEEP: [&str; 5] =
        ["stage/watch/pods.rs", "stage/watch/log_stream.rs", "src/host/", "src/cluster/", "src/provider/"];
    for folder in ["harness/core/src", "harness/src", "harness/cli/src"] {
        for file in sources(&root().join(folder)) {
            if MAY_SLEEP.iter().any(|allowed| file.to_string_lossy().contains(allowed)) {
                continue;
            }
            for (number, line) in code(&file) {
                assert!(!line.contains("sleep("), "{}:{number}: {line}", file.display());
            }
        }
    }
}

/// What waits, or measures how long something has been waited for.
const WAITING: [&str; 7] =
    ["await_condition", "timeout(", "timeout_at(", "sleep(", "sleep_until(", "interval(", ".elapsed()"];

/// The files that may wait without the one door for waits, `Stage::wait_for`, with what they wait for.
const MAY_WAIT: [(&str, &str); 10] = [
    ("stage/wait.rs", "the door itself"),
    ("stage/request.rs", "the answer to a request"),
    ("stage/exec.rs", "the end of a command, which is recorded as such"),
    ("stage/fetch.rs", "the answer of a pod, which is recorded as such"),
    ("stage/liveness.rs", "nothing: it measures a wait"),
    (
        "stage/removals.rs",
        "namespaces whose evidence is complete: a wait without success is a fault in the record",
    ),
    ("stage/watch/recorder.rs", "the first answers of the watches, without which there is no evidence"),
    ("stage/watch/pods.rs", "the next attempt to watch"),
    ("stage/watch/log_stream.rs", "the next attempt to read a log, whose gaps are marked in it"),
    ("run/identity_monitor.rs", "the next attempt to identify the cluster, whose result is in the record"),
];

/// The modules that act inside a cluster.
const INSIDE: [&str; 4] = ["stage", "cases", "run", "experiment"];

#[test]
fn waits_on_the_cluster_go_through_one_door() {
    let mut unused: Vec<_> = MAY_WAIT.iter().map(|(file, _)| *file).collect();
    for file in INSIDE.iter().flat_map(|module| sources(&root().join("harness/src").join(module))) {
        let waits: Vec<_> = code(&file)
            .into_iter()
            .filter(|(_, line)| !line.starts_with("use ") && waits(line))
            .map(|(number, line)| format!("{}:{number}: {line}", file.display()))
            .collect();
        let is_allowed = unused.iter().position(|allowed| file.ends_with(allowed));
        match is_allowed {
            Some(position) if !waits.is_empty() => drop(unused.remove(position)),
            _ => assert!(
                waits.is_empty(),
                "wait with a method of the stage, which records the wait: {waits:#?}"
            ),
        }
    }
    assert!(unused.is_empty(), "these no longer wait and need no permission: {unused:?}");
}

fn waits(line: &str) -> bool {
    // `with_timeout(` sends a request.
    let line = line.replace("with_timeout(", "");
    WAITING.iter().any(|call| line.contains(call))
}

#[test]
fn durations_inside_a_cluster_are_budgets() {
    // A `SignedDuration` compares times of the evidence; nothing can wait for one.
    let has_literal = |line: &str| {
        let line = line.replace("SignedDuration::", "");
        let arguments = line.split("Duration::from_").skip(1).filter_map(|rest| rest.split_once('('));
        arguments.into_iter().any(|(_, argument)| argument.starts_with(|first: char| first.is_ascii_digit()))
    };
    for file in INSIDE.iter().flat_map(|module| sources(&root().join("harness/src").join(module))) {
        for (number, line) in code(&file) {
            assert!(
                !has_literal(&line),
                "{}:{number}: it belongs to `plan::Budgets`: {line}",
                file.display()
            );
        }
    }
}
