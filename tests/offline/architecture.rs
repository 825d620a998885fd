//! Rules about the structure of the source. The tests read the source files.

use std::fs;
use std::path::{Path, PathBuf};

use podproof_tests::root;

/// The top-level modules in order. A module may use only those before it.
const MODULES: [&str; 10] =
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
fn modules_use_only_modules_before_them() {
    let source = root().join("harness/src");
    for (place, module) in MODULES.iter().enumerate() {
        for file in sources(&source.join(module)) {
            for (number, line) in code(&file) {
                for later in &MODULES[place + 1..] {
                    let used = line.contains(&format!("crate::{later}::"));
                    assert!(!used, "{}:{number}: {module} uses {later}: {line}", file.display());
                }
            }
        }
    }
}

#[test]
fn history_does_not_use_report() {
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
fn mod_files_hold_only_declarations() {
    for file in sources(&root().join("harness/src")) {
        if file.file_name().is_some_and(|name| name == "mod.rs") {
            for (number, line) in code(&file) {
                let is_declaration =
                    ["mod ", "pub mod ", "pub use ", "pub(super) use ", "pub(crate) use ", "use "]
                        .iter()
                        .any(|start| line.starts_with(start));
                let is_continuation = line.starts_with([' ', '}', ']']) || line.contains("const CASES");
                assert!(
                    is_declaration || is_continuation,
                    "{}:{number}: mod.rs may hold only docs, modules and re-exports: {line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn module_docs_say_what_the_module_may_not_do() {
    for module in MODULES {
        let text = fs::read_to_string(root().join("harness/src").join(module).join("mod.rs")).unwrap();
        let docs: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(docs.contains("must *not*"), "{module}/mod.rs does not say what the module may not do");
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
fn only_listed_files_sleep() {
    // These wait between two attempts of an operation that gives no event.
    const MAY_SLEEP: [&str; 3] = ["evidence/follow.rs", "evidence/log_stream.rs", "cluster/"];
    for folder in ["harness/src", "harness/cli/src"] {
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

#[test]
fn observations_are_timed_by_the_monotonic_clock() {
    let modules = ["evidence", "stage", "cases"].map(|module| root().join("harness/src").join(module));
    for file in
        modules.iter().flat_map(|module| sources(module)).filter(|file| !file.ends_with("evidence/clock.rs"))
    {
        for (number, line) in code(&file) {
            assert!(!line.contains("Timestamp::now()"), "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn the_top_level_has_only_the_expected_entries() {
    let mut seen: Vec<_> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !["target", "runs", "Cargo.lock"].contains(&name.as_str()))
        .collect();
    seen.sort();
    assert_eq!(seen, ["Cargo.toml", "Makefile", "README.md", "ci", "harness", "manifests", "tests"]);
}
