//! `podproof history` on the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use podproof_core::history::{HistoryRun, Renames, RunRange, Store};
use podproof_core::record::{RunRecord, read_record, write_record};
use podproof_tests::{Ended, podproof, run};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history_backend::Backend;
use crate::record::{case, fail, inconclusive, pass, record};

struct Workspace {
    _folder: TempDir,
    root: PathBuf,
    /// The name of the cluster of its runs.
    cluster: Option<&'static str>,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        Self { _folder: folder, root, cluster: Some("kind-podproof") }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = podproof(["history"]);
        command.args(args).env("XDG_STATE_HOME", &self.root);
        command
    }

    fn history(&self, args: &[&str]) -> Ended {
        run(&mut self.command(args))
    }

    /// Writes a run of day `day` in which `ipc/mc2-article` has this verdict. Returns its folder.
    fn run_folder(&self, day: u32, version: &str, verdict: &Value) -> PathBuf {
        let cases = [
            case("volume/initially-empty", 1, &pass()),
            case("ipc/mc2-article", 2, verdict),
            case("ipc/same-namespace", 3, &pass()),
        ];
        let mut value = serde_json::to_value(record("check", &cases)).unwrap();
        value["run"] = json!(format!("202611{day:02}-100000-3fa9c1d2"));
        value["started"] = json!(format!("2026-11-{day:02}T10:00:00Z"));
        value["cluster"]["version"] = json!(version);
        value["cluster"]["name"] = json!(self.cluster);
        let record: RunRecord = serde_json::from_value(value).unwrap();
        let folder = self.root.join("runs").join(record.run.as_str());
        write_record(&folder, &record).unwrap();
        folder
    }

    fn add(&self, folders: &[PathBuf]) {
        let mut command = self.command(&["add"]);
        let ended = run(command.args(folders)).exits(0);
        assert!(ended.stdout.is_empty(), "{ended}");
    }

    /// Adds eight good runs, and one in which the case has the verdict `last`.
    fn add_nine_runs(&self, last: &Value) {
        let good = (1..=8).map(|day| self.run_folder(day, "v1.20.2", &pass()));
        let folders: Vec<_> = good.chain([self.run_folder(9, "v1.20.5", last)]).collect();
        self.add(&folders);
    }
}

#[test]
fn a_new_failure_exits_102_and_shows_since_when_and_what_changed() {
    let workspace = Workspace::new();
    workspace.add_nine_runs(&fail(&["nothing-is-lost"]));
    assert!(workspace.root.join("podproof/history.db").exists());
    let ended = workspace.history(&["check"]).exits(102);
    for words in [
        "new failure",
        "ipc/mc2-article",
        "20261109-100000-3fa9c1d2",
        "version v1.20.2 -> v1.20.5",
        "compared with 8 runs of the series kind-podproof",
        "regressed (1 new failure)",
    ] {
        assert!(ended.stdout.contains(words), "{words} is missing: {ended}");
    }
    assert!(ended.stderr.is_empty(), "{ended}");
    // The run before was good.
    let before = workspace.history(&["check", "20261108"]).exits(0);
    assert!(before.stdout.ends_with("steady\n"), "{before}");
    let ended = workspace.history(&["check", "--message-format", "json"]).exits(102);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(value["judgement"], "regressed");
    assert_eq!(value["report"]["changes"][0]["news"]["news"], "new-failure");
}

#[test]
fn an_inconclusive_case_is_not_a_regression() {
    let workspace = Workspace::new();
    workspace.add_nine_runs(&inconclusive("the image is not there"));
    let ended = workspace.history(&["check"]).exits(0);
    assert!(ended.stdout.contains("steady (1 inconclusive)"), "{ended}");
}

#[test]
fn a_waiver_covers_a_failure_until_it_expires() {
    let workspace = Workspace::new();
    workspace.add_nine_runs(&fail(&["nothing-is-lost"]));
    let waivers = workspace.root.join("waivers.yaml");
    let check = |expires: &str| {
        let text = format!(
            "waivers: [{{ case: 'ipc/*', reason: a known bug, owner: the node team, expires: {expires} }}]"
        );
        fs::write(&waivers, text).unwrap();
        run(workspace.command(&["check", "--waivers"]).arg(&waivers))
    };
    let ended = check("2026-12-31").exits(0);
    assert!(ended.stdout.contains("waived until 2026-12-31 by the node team: a known bug"), "{ended}");
    let ended = check("2026-11-08").exits(102);
    assert!(ended.stdout.contains("expired on 2026-11-08"), "{ended}");
    fs::write(&waivers, "waivers: 3").unwrap();
    let ended = run(workspace.command(&["check", "--waivers"]).arg(&waivers)).exits(96);
    assert!(ended.stderr.contains("waivers.yaml"), "{ended}");
}

#[test]
fn runs_are_listed_shown_compared_and_followed() {
    let workspace = Workspace::new();
    workspace.add_nine_runs(&fail(&["nothing-is-lost"]));
    let listed = workspace.history(&["list"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 10, "{listed}");
    assert!(listed.stdout.lines().nth(1).unwrap().starts_with("20261109-100000-3fa9c1d2"), "{listed}");
    let shown = workspace.history(&["show", "20261109"]).exits(0);
    assert!(shown.stdout.contains("nothing-is-lost") && shown.stdout.contains("kubelet"), "{shown}");
    let compared = workspace.history(&["compare", "20261108", "20261109"]).exits(0);
    assert!(compared.stdout.contains("version v1.20.2 -> v1.20.5"), "{compared}");
    assert!(compared.stdout.contains("cases that differ: 1; cases on both sides: 3"), "{compared}");
    let trend = workspace.history(&["trend", "ipc/mc2-article"]).exits(0);
    assert!(trend.stdout.contains("\n........F\n"), "{trend}");
    for args in [&["flaky"][..], &["flaky", "--runs", "5"], &["flaky", "--nights", "5"]] {
        let flaky = workspace.history(args).exits(0);
        assert_eq!(flaky.stdout.lines().count(), 1, "{flaky}");
    }
}

#[test]
fn an_unknown_store_series_run_or_case_exits_4_with_a_hint() {
    let workspace = Workspace::new();
    for args in [&["list"][..], &["check"], &["show", "x"]] {
        let ended = workspace.history(args).exits(4);
        assert!(ended.stderr.contains("history.db") && ended.stderr.contains("hint:"), "{ended}");
        assert!(ended.stdout.is_empty(), "{ended}");
    }
    workspace.add_nine_runs(&pass());
    for args in [
        &["check", "--series", "weekly"][..],
        &["show", "2027"],
        &["show", "2026"],
        &["trend", "ipc/never-was"],
    ] {
        let ended = workspace.history(args).exits(4);
        assert!(ended.stderr.contains("hint:") && ended.stdout.is_empty(), "{ended}");
    }
}

#[test]
fn a_folder_without_a_run_exits_96_and_adds_nothing() {
    let workspace = Workspace::new();
    let folder = workspace.run_folder(1, "v1.20.2", &pass());
    let ended = run(workspace.command(&["add"]).arg(&folder).arg("/nonexistent")).exits(96);
    assert!(ended.stderr.contains("/nonexistent/record.json"), "{ended}");
    assert!(!workspace.root.join("podproof/history.db").exists());
}

#[test]
fn a_store_that_cannot_be_created_exits_98_and_a_foreign_file_96() {
    let workspace = Workspace::new();
    let folder = workspace.run_folder(1, "v1.20.2", &pass());
    let add = |store: &Path| run(workspace.command(&["add", "--store"]).arg(store).arg(&folder));
    let _ = add(Path::new("/proc/nowhere/history.db")).exits(98);
    let text = workspace.root.join("text");
    fs::write(&text, "no store ".repeat(1000)).unwrap();
    let _ = add(&text).exits(96);
}

#[rstest]
fn concurrent_processes_lose_no_run(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (workspace, test_store) = (Workspace::new(), backend.test_store());
    let folders: Vec<_> =
        (1..=6).map(|day| workspace.run_folder(day, "v1.20.2", &fail(&["a", "b"]))).collect();
    let add = |folder: &PathBuf| {
        let mut command = workspace.command(&["add"]);
        command.arg(folder).env("PODPROOF_STORE", &test_store.typed).spawn().unwrap()
    };
    // Each process creates the store if it does not exist; each run is added twice.
    let children: Vec<_> = folders.iter().chain(&folders).map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let given: Vec<_> = folders.iter().map(|folder| HistoryRun::of(&read_record(folder).unwrap())).collect();
    let extent = RunRange { last: None, most: 100 };
    let mut store = Store::open(&test_store.location).unwrap();
    let mut kept = store.load("kind-podproof", extent, &Renames::new()).unwrap();
    for run in &mut kept {
        run.attempts
            .sort_by_key(|attempt| given[0].attempts.iter().position(|given| given.key == attempt.key));
    }
    assert_eq!(kept, given);
    assert!(
        test_store.leftover_files().is_empty(),
        "temporary files are left: {:?}",
        test_store.leftover_files()
    );
}

#[test]
fn a_store_in_a_database_is_used_like_a_file() {
    let (workspace, test_store) = (Workspace::new(), Backend::Postgres.test_store());
    let url = test_store.typed.to_str().unwrap();
    let ended = workspace.history(&["list", "--store", url]).exits(4);
    assert!(ended.stderr.contains("there is no history in postgres://podproof@/"), "{ended}");
    let folders = [1, 2].map(|day| workspace.run_folder(day, "v1.20.2", &pass()));
    let _ = run(workspace.command(&["add", "--store", url]).args(folders)).exits(0);
    let ended = workspace.history(&["check", "--store", url]).exits(0);
    assert!(ended.stdout.contains("compared with 1 run of the series kind-podproof"), "{ended}");
    test_store.execute_directly("UPDATE schema_version SET version = 99");
    let ended = workspace.history(&["list", "--store", url]).exits(96);
    assert!(ended.stderr.contains("has version 99"), "{ended}");
    // Neither the errors nor the help show the secrets of a URL.
    for (url, code) in [
        ("postgres://me:s3cret@127.0.0.1:1/runs", 98),
        ("postgres://me:s3cret@h@127.0.0.1:1/runs", 2),
        ("postgres://me@127.0.0.1:1/runs?pasword=s3cret", 2),
    ] {
        for args in [&["list"][..], &["--help"], &["list", "--help"], &["list", "--most", "x"]] {
            let ended = run(workspace.command(args).env("PODPROOF_STORE", url));
            assert!(!ended.stderr.contains("s3cret") && !ended.stdout.contains("s3cret"), "{ended}");
            if args == ["list"] {
                assert!(ended.code == Some(code) && ended.stderr.contains("hint:"), "{ended}");
            }
        }
    }
}

#[test]
fn a_run_is_added_to_the_series_of_its_cluster() {
    let mut workspace = Workspace::new();
    // A name as clouds give it, a hostile one, an empty one, and none.
    let names = [Some("arn:aws:eks:eu-1:1:cluster/a"), Some("../\u{1b}[2J\u{202e}"), Some(""), None];
    for (day, name) in (1..).zip(names) {
        workspace.cluster = name;
        let folder = workspace.run_folder(day, "v1.20.2", &pass());
        workspace.add(&[folder]);
    }
    let listed = workspace.history(&["list", "--message-format", "json"]).exits(0);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let series: Vec<_> =
        listed["runs"].as_array().unwrap().iter().map(|run| run["series"].as_str()).collect();
    let default = Some("default");
    assert_eq!(series, [default, default, names[1], names[0]]);
    // The series is not guessed.
    let ended = workspace.history(&["check"]).exits(4);
    assert!(ended.stderr.contains("more than one series") && ended.stderr.contains("arn:aws"), "{ended}");
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{ended}");
    // A named run determines the series.
    let ended = workspace.history(&["check", "20261101"]).exits(0);
    assert!(ended.stdout.contains("series arn:aws:eks:eu-1:1:cluster/a"), "{ended}");
    let ended = workspace.history(&["check", "--series", "default"]).exits(0);
    assert!(ended.stdout.contains("compared with 1 run of the series default"), "{ended}");
    // Runs of two clusters can be compared.
    let _ = workspace.history(&["compare", "20261101", "20261104"]).exits(0);
    let _ = workspace.history(&["compare", "20261101", "20261104", "--series", "default"]).exits(4);
}

#[test]
fn stored_text_is_escaped_on_a_terminal() {
    let workspace = Workspace::new();
    let report = workspace.root.join("hostile.xml");
    let evil = "&#27;[2Jevil&#x202e;\u{9b}31m";
    let text = format!(
        "<testsuite name='{evil}' timestamp='2026-11-20T02:00:00Z'><testcase name='{evil}'>\
         <failure message='{evil}'>{evil}</failure></testcase></testsuite>"
    );
    fs::write(&report, text).unwrap();
    let fact = "version=\u{1b}]0;evil\u{7}";
    let ended =
        run(workspace.command(&["import", "--run", "\u{1b}[31mrun", "--fact", fact]).arg(&report)).exits(0);
    let mut outputs = vec![ended];
    let again = ["import", "--run", "second"];
    outputs.push(run(workspace.command(&again).arg(&report)).exits(0));
    for args in [&["list"][..], &["show", "second"], &["compare", "second", "\u{1b}[31mrun"]] {
        for format in ["human", "json"] {
            outputs.push(workspace.history(&[args, &["--message-format", format]].concat()).exits(0));
        }
    }
    for format in ["human", "json"] {
        // It never passed, so it is not a regression.
        outputs.push(workspace.history(&["check", "--message-format", format]).exits(0));
    }
    for ended in outputs {
        let text = ended.stdout.clone() + &ended.stderr;
        let deceives = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(deceives), "{text:?}");
    }
}
