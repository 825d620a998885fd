//! How the reports compare a run with earlier runs.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use podproof_core::history::regression::{
    CaseChange, ChangeKind, ChangeRange, EarlierRunComparison, Health, HistoryComparison, RunReview, Waiver,
};
use podproof_core::history::{CaseKey, FactChange, HistoryRun, RunName, Tally};
use podproof_core::record::{RunRecord, read_record, write_record};
use podproof_core::report::{html_page, markdown_summary};
use podproof_tests::{Ended, podproof, run};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::markup::{assert_harmless, tags};
use crate::record::{case, checked, fail, pass, record};

const HOSTILE: &str = "</td><script>alert(1)</script> | `a` **b** \u{1b}[31mred\u{1b}[0m ]]> \u{202E}\n# f";

fn at(day: &str) -> Timestamp {
    format!("{day}T10:00:00Z").parse().unwrap()
}

fn changed(fact: &str, before: &str, now: &str) -> FactChange {
    FactChange { fact: fact.to_owned(), before: Some(before.to_owned()), after: Some(now.to_owned()) }
}

fn run_name(id: &str, day: &str) -> RunName {
    RunName { id: id.to_owned(), started: at(day) }
}

fn earlier(id: &str, day: &str, changed: &[FactChange]) -> EarlierRunComparison {
    EarlierRunComparison {
        run: run_name(id, day),
        earlier: Tally { pass: 4, inconclusive: 1, ..Tally::default() },
        current: HistoryRun::of(&checked()).tally(),
        worse: 2,
        better: 1,
        changed_facts: changed.to_vec(),
    }
}

/// The runs between which something began.
fn range() -> ChangeRange {
    ChangeRange {
        last_good: Some(run_name("run-good", "2026-11-18")),
        first_bad: run_name("run-of-before", "2026-11-20"),
        changed_facts: Vec::new(),
    }
}

fn change(case: &str, kind: ChangeKind) -> CaseChange {
    let key = CaseKey { case: case.to_owned(), variant: String::new() };
    CaseChange { key, kind, reason: None, waiver: None }
}

fn comparison() -> HistoryComparison {
    HistoryComparison {
        series: "nightly".to_owned(),
        review: RunReview {
            run: run_name(checked().run.as_str(), "2026-11-22"),
            compared_runs: 8,
            health: Health::Sound,
            changed_facts: Vec::new(),
            changes: vec![
                change("volume/survives-sigkill", ChangeKind::NewFailure { range: range() }),
                change("ipc/gone", ChangeKind::StillFailing { range: range(), runs: 5 }),
                change(
                    "ipc/article",
                    ChangeKind::Fixed { since: run_name("run-of-before", "2026-11-20"), runs: 2 },
                ),
            ],
            expired: Vec::new(),
        },
        previous: Some(earlier("run-last", "2026-11-21", &[changed("kernel", "6.1", "6.12")])),
        last_good: Some(earlier(
            "run-good",
            "2026-11-18",
            &[changed("kernel", "5.10", "6.12"), changed("version", "v1.20.1", "v1.20.2")],
        )),
    }
}

fn page(comparison: Option<&HistoryComparison>) -> String {
    html_page(&checked(), Path::new("/nonexistent"), comparison)
}

#[test]
fn the_page_shows_changes_first() {
    let page = page(Some(&comparison()));
    assert_harmless(&tags(&page));
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is missing"));
    assert!(place("New failures (1)") < place("Still failing (1)"));
    assert!(place("Still failing (1)") < place("Fixed (1)"));
    assert!(place("Fixed (1)") < place("<section id=\"bad\""));
    let head = page.split_once("<main>").unwrap().0;
    for words in [
        "regressed",
        ">1 new failure</a>, ",
        "run-last",
        "2 cases have a worse verdict; 1 case has a better verdict; failed: 0 then, 1 now",
        "run-good",
        "2026-11-18",
    ] {
        assert!(head.contains(words), "{words}: {head}");
    }
    // The case that failed has a card; the one that is gone has none.
    assert!(page.contains("<a href=\"#case-1\">volume/survives-sigkill</a>"));
    assert!(page.contains("<td class=\"name\">ipc/gone</td>"));
    assert!(page.contains("for 5 runs") && page.contains("run-of-before"));
}

#[test]
fn the_environment_table_shows_old_and_new_values() {
    let page = page(Some(&comparison()));
    let table = page.split_once("<section id=\"environment\"").unwrap().1.split_once("</section>").unwrap().0;
    assert!(table.contains("kernel</th><td>5.10</td><td>6.1</td><td>6.12</td>"), "{table}");
    // It did not change since the last run.
    assert!(table.contains("version</th><td>v1.20.1</td><td>v1.20.2</td><td>v1.20.2</td>"), "{table}");
}

#[test]
fn without_earlier_runs_the_reports_do_not_mention_them() {
    let page = page(None);
    for words in ["id=\"news\"", "id=\"environment\"", "last run", "series"] {
        assert!(!page.contains(words), "{words}");
    }
    assert!(!markdown_summary(&checked(), None).contains("What changed"));
}

#[test]
fn a_first_run_says_that_no_earlier_run_is_known() {
    let mut first = HistoryComparison { previous: None, last_good: None, ..comparison() };
    (first.review.compared_runs, first.review.changes) = (0, Vec::new());
    let page = page(Some(&first));
    assert!(page.contains("<dt>last run</dt><dd>none is known</dd>"), "{page}");
    assert!(markdown_summary(&checked(), Some(&first)).contains("- No last good run is known."));
}

#[test]
fn the_summary_shows_changes_before_failures() {
    let summary = markdown_summary(&checked(), Some(&comparison()));
    let place = |words: &str| summary.find(words).unwrap_or_else(|| panic!("{words} is missing: {summary}"));
    assert!(place("#### What changed: regressed") < place("**New failures** (1)"));
    assert!(
        place("- new failure volume/survives-sigkill, since run-of-before") < place("**Still failing** (1)")
    );
    assert!(place("- still failing ipc/gone, since run-of-before: for 5 runs") < place("**Fixed** (1)"));
    assert!(place("| kernel | 5.10 | 6.1 | 6.12 |") < place("#### Failed (1)"));
}

#[test]
fn hostile_history_is_escaped() {
    let mut hostile = comparison();
    HOSTILE.clone_into(&mut hostile.series);
    hostile.review.health =
        Health::CommonCause { cases: 4, of: 5, signature: HOSTILE.to_owned(), failed: true };
    hostile.previous = Some(earlier(HOSTILE, "2026-11-21", &[changed(HOSTILE, HOSTILE, HOSTILE)]));
    let bad = run_name(HOSTILE, "2026-11-20");
    let range = ChangeRange { last_good: None, first_bad: bad.clone(), changed_facts: Vec::new() };
    hostile.review.changes = [
        ChangeKind::NewFailure { range: range.clone() },
        ChangeKind::Reopened { range, fixed_in: bad.clone() },
        ChangeKind::Missing { last_present: bad.clone(), runs: 2 },
        ChangeKind::NewlySkipped { last_run: bad.clone() },
        ChangeKind::Fixed { since: bad, runs: 2 },
    ]
    .map(|kind| CaseChange {
        reason: Some(HOSTILE.to_owned()),
        waiver: Some(Waiver {
            case: HOSTILE.to_owned(),
            reason: HOSTILE.to_owned(),
            owner: HOSTILE.to_owned(),
            expires: "2026-12-24".parse().unwrap(),
        }),
        ..change(HOSTILE, kind)
    })
    .to_vec();
    let page = page(Some(&hostile));
    assert_harmless(&tags(&page));
    assert!(!page.contains("<script>alert"));
    let summary = markdown_summary(&checked(), Some(&hostile));
    assert!(
        !summary.contains("<script") && !summary.contains("**b**") && !summary.contains("\n# f"),
        "{summary}"
    );
}

/// A history store with the good runs of eight days.
struct StoredRuns {
    folder: TempDir,
}

impl StoredRuns {
    fn new() -> Self {
        let stored = Self { folder: tempfile::tempdir().unwrap() };
        let good: Vec<_> = (1..=8).map(|day| stored.run(day, "v1.20.2", &pass())).collect();
        stored.keep(&good);
        stored
    }

    fn store(&self) -> String {
        self.folder.path().join("history.db").to_str().unwrap().to_owned()
    }

    fn keep(&self, folders: &[PathBuf]) {
        let command = &mut podproof(["history", "add", "--store", &self.store()]);
        let _ = run(command.args(folders)).exits(0);
    }

    fn run(&self, day: u32, version: &str, verdict: &Value) -> PathBuf {
        let cases = [case("volume/shared", 1, &pass()), case("ipc/mc2-article", 2, verdict)];
        let mut value = serde_json::to_value(record("check", &cases)).unwrap();
        value["run"] = json!(format!("202611{day:02}-100000-3fa9c1d2"));
        value["started"] = json!(format!("2026-11-{day:02}T10:00:00Z"));
        value["cluster"]["version"] = json!(version);
        let record: RunRecord = serde_json::from_value(value).unwrap();
        let folder = self.folder.path().join(record.run.as_str());
        write_record(&folder, &record).unwrap();
        folder
    }

    fn report(&self, folder: &Path, args: &[&str]) -> Ended {
        run(podproof(["report"]).arg(folder).args(args).env("XDG_STATE_HOME", self.folder.path()))
    }
}

#[test]
fn a_report_with_history_shows_what_broke_and_what_changed() {
    let stored = StoredRuns::new();
    let current = stored.run(9, "v1.20.5", &fail(&["nothing-is-lost"]));
    let _ = stored.report(&current, &["--history", &stored.store()]).exits(0);
    let page = fs::read_to_string(current.join("report.html")).unwrap();
    for words in [
        "New failures (1)",
        "compared with 8 runs of the series default",
        "last run, good",
        "20261108-100000-3fa9c1d2",
        "version</th><td>v1.20.2</td><td>v1.20.2</td><td>v1.20.5</td>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let summary = fs::read_to_string(current.join("summary.md")).unwrap();
    assert!(summary.contains("- new failure ipc/mc2-article"), "{summary}");

    // Even after it is stored together with a later run, it is compared neither with itself nor with the later run.
    stored.keep(&[current.clone(), stored.run(10, "v1.20.6", &pass())]);
    let _ = stored.report(&current, &["--history", &stored.store()]).exits(0);
    assert_eq!(fs::read_to_string(current.join("report.html")).unwrap(), page);

    let _ = stored.report(&current, &[]).exits(0);
    let page = fs::read_to_string(current.join("report.html")).unwrap();
    assert!(!page.contains("id=\"news\""), "without a store the page has no news");
}

#[test]
fn a_report_continues_the_history_of_a_claim_that_the_runs_manifests_renamed() {
    let stored = StoredRuns::new();
    let current = stored.run(9, "v1.20.2", &pass());
    let mut value = serde_json::to_value(read_record(&current).unwrap()).unwrap();
    value["cases"][1]["claim"] = json!("ipc/new-name");
    let page = |value: &Value| {
        write_record(&current, &serde_json::from_value(value.clone()).unwrap()).unwrap();
        let _ = stored.report(&current, &["--history", &stored.store()]).exits(0);
        fs::read_to_string(current.join("report.html")).unwrap()
    };
    assert!(page(&value).contains("Missing (1)"));
    value["claims"]["ipc/new-name"] =
        json!({ "given": "", "when": "", "then": {}, "sources": [], "aliases": ["ipc/mc2-article"] });
    assert!(!page(&value).contains("Missing"));
}

#[test]
fn a_report_is_written_even_if_the_store_cannot_be_read() {
    let stored = StoredRuns::new();
    let current = stored.run(9, "v1.20.5", &pass());
    let damaged = stored.folder.path().join("damaged.db");
    fs::write(&damaged, "no store at all".repeat(100)).unwrap();
    let damaged = damaged.to_str().unwrap();
    let another = stored.store();
    for (args, code, expected) in [
        (vec!["--history", damaged], 98, "error: "),
        // Before the first run is kept there is nothing to compare with.
        (vec!["--history", "/nonexistent/history.db"], 0, "no earlier runs: there is no history"),
        (vec!["--history", &another, "--series", "another"], 0, "no earlier runs: no run in the series"),
    ] {
        let _ = fs::remove_file(current.join("report.html"));
        let ended = stored.report(&current, &args).exits(code);
        assert!(ended.stderr.contains(expected), "{ended}");
        assert!(!ended.stderr.contains("panicked"), "{ended}");
        assert!(fs::read_to_string(current.join("report.html")).unwrap().contains("Passed (2)"));
    }
    assert!(!Path::new("/nonexistent").exists(), "a report must not create a store");
}
