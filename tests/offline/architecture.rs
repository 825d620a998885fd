//! The shape of the house, kept true by reading the source.

use std::fs;
use std::path::{Path, PathBuf};

use podproof_tests::root;

/// The rooms in the order of the flow. A room may use those before it.
const FLOW: [&str; 10] =
    ["plan", "evidence", "judge", "cluster", "stage", "cases", "run", "experiment", "report", "history"];

/// The largest number of lines of code in a file, tests and comments apart.
const LARGEST: usize = 320;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines before the file's own tests that are neither blank nor comments, with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect()
}

#[test]
fn rooms_use_only_what_stands_before_them_in_the_flow() {
    let source = root().join("harness/src");
    for (place, room) in FLOW.iter().enumerate() {
        for file in sources(&source.join(room)) {
            for (number, line) in code(&file) {
                for later in &FLOW[place + 1..] {
                    let used = line.contains(&format!("crate::{later}::"));
                    assert!(!used, "{}:{number}: {room} uses {later}: {line}", file.display());
                }
            }
        }
    }
}

#[test]
fn report_and_history_do_not_see_each_other() {
    for file in sources(&root().join("harness/src/history")) {
        for (number, line) in code(&file) {
            assert!(!line.contains("crate::report"), "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn files_stay_small() {
    for folder in ["harness", "tests"] {
        for file in sources(&root().join(folder)) {
            let lines = code(&file).len();
            assert!(lines <= LARGEST, "{} has {lines} lines of code, more than {LARGEST}", file.display());
        }
    }
}

#[test]
fn doors_only_open() {
    for file in sources(&root().join("harness/src")) {
        if file.file_name().is_some_and(|name| name == "mod.rs") {
            for (number, line) in code(&file) {
                let opens = ["mod ", "pub mod ", "pub use ", "pub(super) use ", "pub(crate) use ", "use "]
                    .iter()
                    .any(|start| line.starts_with(start));
                let continues = line.starts_with([' ', '}', ']']) || line.contains("const CASES");
                assert!(
                    opens || continues,
                    "{}:{number}: a door holds only docs and names: {line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn rooms_say_what_they_may_not_do() {
    for room in FLOW {
        let door = fs::read_to_string(root().join("harness/src").join(room).join("mod.rs")).unwrap();
        let docs: String = door.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(docs.contains("may *not*"), "{room}/mod.rs does not say what the room may not do");
    }
}

#[test]
fn host_programs_are_started_in_one_place() {
    for file in sources(&root().join("harness/src")) {
        if file.ends_with("cluster/program/start.rs") {
            continue;
        }
        for (number, line) in code(&file) {
            let starts = line.contains("process::Command") || line.contains("Command::new");
            assert!(!starts, "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn nobody_sleeps_where_an_event_can_be_awaited() {
    // The pause between two tries of something that gives no event.
    const MAY: [&str; 3] = ["evidence/follow.rs", "evidence/log_stream.rs", "cluster/"];
    for folder in ["harness/src", "harness/cli/src"] {
        for file in sources(&root().join(folder)) {
            if MAY.iter().any(|may| file.to_string_lossy().contains(may)) {
                continue;
            }
            for (number, line) in code(&file) {
                assert!(!line.contains("sleep("), "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn what_is_observed_is_dated_by_a_clock_that_never_goes_back() {
    let rooms = ["evidence", "stage", "cases"].map(|room| root().join("harness/src").join(room));
    for file in
        rooms.iter().flat_map(|room| sources(room)).filter(|file| !file.ends_with("evidence/clock.rs"))
    {
        for (number, line) in code(&file) {
            assert!(!line.contains("Timestamp::now()"), "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn the_visible_top_level_is_what_it_must_be() {
    let mut seen: Vec<_> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !["target", "runs", "Cargo.lock"].contains(&name.as_str()))
        .collect();
    seen.sort();
    assert_eq!(seen, ["Cargo.toml", "Makefile", "README.md", "ci", "harness", "manifests", "tests"]);
}
