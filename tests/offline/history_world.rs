//! A store of runs with each kind of change, and the record of its last run.

use std::fs;
use std::path::PathBuf;

use podproof_core::history::{CaseOutcome, EnvironmentFacts, HistoryRun, Store, StoreLocation, facts_of};
use podproof_core::record::{RunRecord, write_record};
use podproof_tests::{podproof, run};
use serde_json::json;
use tempfile::TempDir;

use crate::history_fixtures::{empty_run, ended, passed};
use crate::record::{case, fail, inconclusive, pass, record, retried, skip};

/// The last run is that of this day.
const LAST: usize = 39;

/// The facts change on this day.
const UPGRADE: usize = 38;

/// Cases that change: the outcome in the first runs, and those in the last ones. For the letters see
/// [`runs`](crate::history_fixtures::runs).
const CHANGING: [(&str, char, &str); 18] = [
    ("ipc/back", 'S', "P"),
    ("ipc/broken", 'P', "F"),
    ("ipc/failing", 'P', "FF"),
    ("ipc/faster", 'P', "P"),
    ("ipc/fixed", 'P', "FFFP"),
    ("ipc/flaky", 'P', "FPPPPPFPPP"),
    ("ipc/gone", 'P', "--"),
    ("ipc/never-passed", 'F', "F"),
    ("ipc/new", '-', "P"),
    ("ipc/newly-flaky", 'P', "M"),
    ("ipc/reopened", 'P', "FFFFPPF"),
    ("ipc/revised", 'P', "P"),
    ("ipc/skipped", 'P', "S"),
    ("ipc/slower", 'P', "P"),
    ("ipc/slower-lately", 'P', "P"),
    ("ipc/unclear", 'P', "I"),
    ("ipc/unclear-failing", 'P', "FFFI"),
    ("ipc/waived", 'P', "F"),
];

const WAIVERS: &str = "waivers:\n\
    - { case: ipc/waived, reason: a known bug, owner: the node team, expires: 2026-12-31 }\n\
    - { case: ipc/broken, reason: another bug, owner: the node team, expires: 2026-02-01 }\n";

fn letter(first: char, last: &str, day: usize) -> char {
    let from_end = LAST - day;
    last.chars().rev().nth(from_end).unwrap_or(first)
}

fn seconds(case: &str, day: usize) -> f64 {
    // Runs differ a little.
    let noise = 1.0 + f64::from(u32::try_from(day * 37 % 11).unwrap()) / 200.0;
    let factor = match case {
        "ipc/slower" if day >= 33 => 1.4,
        "ipc/faster" if day >= 33 => 0.6,
        "ipc/slower-lately" if day >= 37 => 1.5,
        _ => 1.0,
    };
    10.0 * noise * factor
}

fn steady_cases() -> Vec<String> {
    (0..12).map(|number| format!("volume/steady-{number}")).collect()
}

/// The record of the last run.
fn last_record() -> RunRecord {
    let mut cases = Vec::new();
    for (name, first, last) in CHANGING {
        let name_of_assertion = name.replace("ipc/", "holds-");
        let failed = fail(&[&name_of_assertion]);
        let mut one = match letter(first, last, LAST) {
            '-' => continue,
            'F' => case(name, 1, &failed),
            'I' => case(name, 1, &inconclusive(&format!("{name}: \u{1b}[31mno image\u{1b}[0m\nat all"))),
            'S' => case(name, 1, &skip("needs v1.29 or newer")),
            'M' => retried(name, 1, &[failed, pass()], 0),
            _ => case(name, 1, &pass()),
        };
        one["seconds"] = json!(seconds(name, LAST));
        one["revision"] = json!(if name == "ipc/revised" { 2 } else { 1 });
        cases.push(one);
    }
    for name in steady_cases() {
        let mut one = case(&name, 1, &pass());
        one["seconds"] = json!(seconds(&name, LAST));
        cases.push(one);
    }
    let mut value = serde_json::to_value(record("check", &cases)).unwrap();
    value["run"] = json!("20260209-020000-3fa9c1d2");
    value["started"] = json!("2026-02-09T02:00:00Z");
    value["ended"] = json!("2026-02-09T02:10:00Z");
    value["cluster"]["nodes"][0]["kernel"] = json!("6.12.0 \u{1b}[31mred\u{1b}[0m");
    serde_json::from_value(value).unwrap()
}

/// The runs before the last one.
fn earlier_runs() -> Vec<HistoryRun> {
    let facts = facts_of(&last_record());
    let mut old_facts: EnvironmentFacts = facts.clone();
    let _ = old_facts.insert("kernel".to_owned(), "6.1.0".to_owned());
    let _ = old_facts.remove("cluster-dns");
    let earlier_run = |day: usize| {
        let mut run = empty_run(day, "");
        run.facts = if day < UPGRADE { old_facts.clone() } else { facts.clone() };
        for (name, first, last) in CHANGING {
            let outcomes: &[CaseOutcome] = match letter(first, last, day) {
                'P' => &[CaseOutcome::Pass],
                'F' => &[CaseOutcome::Fail],
                'S' => &[CaseOutcome::Skip],
                _ => &[],
            };
            for outcome in outcomes {
                let reason = format!("a reason of {name}");
                let reason = (*outcome != CaseOutcome::Pass).then_some(reason.as_str());
                run.attempts.push(ended(name, *outcome, reason, seconds(name, day)));
            }
        }
        run.attempts.extend(steady_cases().iter().map(|name| passed(name, seconds(name, day))));
        run
    };
    (0..LAST).map(earlier_run).collect()
}

/// A folder with a store of all runs, waivers, and the folder of the last run.
pub struct World {
    folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let mut store = Store::open_or_create(&StoreLocation::File(world.store())).unwrap();
        for run in earlier_runs().into_iter().chain([HistoryRun::of(&last_record())]) {
            let _ = store.add("nightly", &run).unwrap();
        }
        fs::write(world.folder.path().join("waivers.yaml"), WAIVERS).unwrap();
        write_record(&world.run_folder(), &last_record()).unwrap();
        world
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    fn run_folder(&self) -> PathBuf {
        self.folder.path().join("last")
    }

    /// What a command of the history prints.
    pub fn history(&self, args: &[&str], code: i32) -> String {
        let mut command = podproof(["history"]);
        command.args(args).arg("--store").arg(self.store()).current_dir(self.folder.path());
        run(&mut command).exits(code).stdout
    }

    /// The changes on the page and in the summary of the last run.
    pub fn report(&self) -> (String, String) {
        let mut command = podproof(["report"]);
        command.arg(self.run_folder()).arg("--history").arg(self.store()).args(["--series", "nightly"]);
        let _ = run(&mut command).exits(0);
        let read = |file: &str| fs::read_to_string(self.run_folder().join(file)).unwrap();
        (read("report.html"), read("summary.md"))
    }
}
