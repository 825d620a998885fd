//! Rules about the structure of the source. The tests read the source files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use podproof_core::plan::{Catalogue, Tree};
use podproof_tests::imports::{Imports, Module};
use podproof_tests::root;

/// The top-level modules of the crate of data, in order. A module may use only those before it, and no other crate.
const DATA: [&str; 9] =
    ["plan", "evidence", "judge", "cluster_facts", "statistics", "record", "trials", "history", "report"];

/// The top-level modules of the crate that acts on clusters, in order. A module may use only those before it, and the data.
const ACTIONS: [&str; 7] = ["host", "cluster", "provider", "stage", "cases", "run", "experiment"];

/// Modules without a place in the order: small, and used everywhere.
const SMALL: [&str; 5] = ["disk", "hex", "lines", "redact", "client_error"];

/// Packages that the crate of data must not depend on: clients, runtimes, and what acts on clusters.
const NOT_FOR_DATA: [&str; 9] =
    ["podproof", "kube", "tokio", "tokio-util", "futures", "hyper", "hyper-util", "http", "http-body-util"];

/// Words that once made the code a riddle, with the names that may hold them: recorded in evidence or stores.
const FORBIDDEN: [&str; 14] = [
    "told", "untold", "tells", "deed", "deeds", "attire", "wearer", "pulse", "comeback", "namesake",
    "tonight", "nights", "wishes", "hall",
];

/// The largest number of lines of code in a file, tests and comments apart.
const LARGEST: usize = 320;

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
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
pub(crate) fn code(path: &Path) -> Vec<(usize, String)> {
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
    let place = |module: &Module| -> Option<(usize, usize)> {
        let name = module.get(1)?.as_str();
        let in_list = |list: &[&str]| list.iter().position(|known| *known == name);
        match module[0].as_str() {
            "podproof_core" => in_list(&DATA).map(|at| (0, at)),
            "podproof" => in_list(&ACTIONS).map(|at| (1, at)),
            _ => Some((2, 0)),
        }
    };
    let imports = Imports::read(&root());
    let modules = imports.between_modules();
    for (user, used) in
        modules.iter().filter(|(user, _)| ["podproof", "podproof_core"].contains(&user[0].as_str()))
    {
        let Some(name) = user.get(1) else { continue };
        let is_small = SMALL.contains(&name.as_str());
        assert!(is_small || place(user).is_some(), "{user:?} has no place in the order");
        for other in used.keys() {
            let before = place(other) < place(user) || SMALL.contains(&other[1].as_str());
            assert!(before, "{user:?} uses {other:?}");
        }
    }
    // Reports show what the history found, but never read the store.
    let (reports, store) = (module("podproof_core::report"), module("podproof_core::history::store"));
    for (user, used) in imports.uses.iter().filter(|(user, _)| user.starts_with(&reports)) {
        assert!(!used.iter().any(|other| other.starts_with(&store)), "{user:?} uses the store");
    }
}

fn module(path: &str) -> Module {
    path.split("::").map(str::to_owned).collect()
}

#[test]
fn the_data_needs_no_client_and_no_runtime() {
    let manifest = fs::read_to_string(root().join("harness/core/Cargo.toml")).unwrap();
    let names = manifest.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    for name in names {
        assert!(!NOT_FOR_DATA.contains(&name), "podproof-core depends on {name}");
    }
}

#[test]
fn reports_know_claims_only_from_records() {
    for file in sources(&root().join("harness/core/src/report")) {
        for (number, line) in code(&file) {
            let reads =
                line.contains("Catalogue") || line.contains("Tree::") || line.contains("assertions_of");
            assert!(!reads, "{}:{number}: a record has the claims of its run: {line}", file.display());
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = Imports::read(&root()).circles();
    assert!(circles.is_empty(), "`ci/modules.sh` shows which file uses which: {circles:#?}");
}

#[test]
fn a_provider_is_known_only_where_providers_are_listed() {
    // They name each provider. Everything else works for all of them.
    let may_know = ["podproof::provider::providers", "podproof::provider::managed_context"].map(module);
    let kind = module("podproof::provider::kind");
    let uses = Imports::read(&root()).uses;
    let outside = || uses.iter().filter(|(user, _)| !user.starts_with(&kind));
    for (user, used) in outside().filter(|(user, _)| !may_know.contains(user)) {
        let known = used.iter().find(|other| other.starts_with(&kind));
        assert_eq!(known, None, "{user:?} knows a provider");
    }
    assert!(outside().any(|(_, used)| used.iter().any(|other| other.starts_with(&kind))));
}

#[test]
fn a_public_type_name_means_one_thing() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["harness/src", "harness/core/src", "harness/cli/src"] {
        for file in sources(&root().join(folder)) {
            for (_, line) in code(&file) {
                let Some((_, rest)) =
                    line.trim_start().strip_prefix("pub").and_then(|rest| rest.split_once(' '))
                else {
                    continue;
                };
                let mut words =
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                let words = (
                    words.by_ref().find(|word| {
                        ["struct", "enum", "trait", "type", "fn", "mod", "const", "use"].contains(word)
                    }),
                    words.next(),
                );
                if let (Some("struct" | "enum" | "trait"), Some(name)) = words {
                    homes.entry(name.to_owned()).or_default().push(file.display().to_string());
                }
            }
        }
    }
    for (name, files) in homes {
        assert!(files.len() == 1, "{name} is defined more than once: {files:?}");
    }
}

/// The words of an identifier, in lowercase.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in identifier.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter != '_') {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[test]
fn names_use_no_word_that_is_forbidden() {
    for folder in ["harness", "tests"] {
        for file in sources(&root().join(folder)) {
            for (number, line) in code(&file) {
                // A constant in capitals is named after its claim, whose id is permanent.
                let identifiers = line
                    .split('"')
                    .step_by(2)
                    .flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_'));
                for word in identifiers.filter(|name| name.contains(char::is_lowercase)).flat_map(words) {
                    let is_bad = FORBIDDEN.contains(&word.as_str());
                    assert!(!is_bad, "{}:{number}: `{word}` in {line}", file.display());
                }
            }
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
    for file in ["harness/core/src", "harness/src"].iter().flat_map(|folder| sources(&root().join(folder))) {
        if file.file_name().is_some_and(|name| name == "mod.rs") {
            for (number, line) in code(&file) {
                let is_declaration = [
                    "mod ",
                    "pub mod ",
                    "pub use ",
                    "pub(super) use ",
                    "pub(crate) use ",
                    "use ",
                    "#[cfg(feature",
                ]
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
    let data = DATA.map(|module| root().join("harness/core/src").join(module));
    let actions = ACTIONS.map(|module| root().join("harness/src").join(module));
    for folder in data.iter().chain(&actions) {
        let text = fs::read_to_string(folder.join("mod.rs")).unwrap();
        let docs: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(docs.contains("must *not*"), "{} does not say what the module may not do", folder.display());
    }
}

#[test]
fn host_programs_are_started_in_one_place() {
    for file in ["harness/core/src", "harness/src"].iter().flat_map(|folder| sources(&root().join(folder))) {
        if file.ends_with("host/program/start.rs") {
            continue;
        }
        for (number, line) in code(&file) {
            let starts = line.contains("process::Command") || line.contains("Command::new");
            assert!(!starts, "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn observations_are_timed_by_the_monotonic_clock() {
    let modules =
        ["core/src/evidence", "src/stage", "src/cases"].map(|module| root().join("harness").join(module));
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

#[test]
fn the_front_page_shows_claims_of_the_catalogue() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let catalogue = Catalogue::read(&Tree::Embedded).unwrap();
    for line in page.lines().filter(|line| line.starts_with("PASS ") || line.starts_with("SKIP ")) {
        let id = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        let claim = catalogue.claim(&id).unwrap();
        assert!(
            line.starts_with("SKIP ") || line.ends_with(&claim.title),
            "{line}: its title is {}",
            claim.title
        );
    }
}
