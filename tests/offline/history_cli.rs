//! `podproof history` as a user types it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use podproof::history::{Extent, KeptRun, Renames, Store};
use podproof::run::{RunRecord, read_record, write_record};
use podproof_tests::{Ended, podproof, run};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history_backend::Backend;
use crate::record::{case, fail, inconclusive, pass, record};

struct Place {
    _folder: TempDir,
    root: PathBuf,
    /// How the cluster of its runs is called.
    cluster: Option<&'static str>,
}

impl Place {
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

    /// The folder of a run of day `day` in which the case ended so.
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

    /// Eight good nights, and one that ended so.
    fn nights(&self, last: &Value) {
        let good = (1..=8).map(|day| self.run_folder(day, "v1.20.2", &pass()));
        let folders: Vec<_> = good.chain([self.run_folder(9, "v1.20.5", last)]).collect();
        self.add(&folders);
    }
}

#[test]
fn a_failure_exits_102_and_tells_since_when_and_what_changed() {
    let place = Place::new();
    place.nights(&fail(&["nothing-is-lost"]));
    assert!(place.root.join("podproof/history.db").exists());
    let ended = place.history(&["check"]).exits(102);
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
    // The night before was well.
    let before = place.history(&["check", "20261108"]).exits(0);
    assert!(before.stdout.ends_with("steady\n"), "{before}");
    let ended = place.history(&["check", "--message-format", "json"]).exits(102);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(value["judgement"], "regressed");
    assert_eq!(value["report"]["changes"][0]["news"]["news"], "new-failure");
}

#[test]
fn what_could_not_be_told_is_no_regression() {
    let place = Place::new();
    place.nights(&inconclusive("the image is not there"));
    let ended = place.history(&["check"]).exits(0);
    assert!(ended.stdout.contains("steady (1 inconclusive)"), "{ended}");
}

#[test]
fn a_waiver_covers_a_failure_until_its_day() {
    let place = Place::new();
    place.nights(&fail(&["nothing-is-lost"]));
    let waivers = place.root.join("waivers.yaml");
    let check = |expires: &str| {
        let text = format!(
            "waivers: [{{ case: 'ipc/*', reason: a known bug, owner: the node team, expires: {expires} }}]"
        );
        fs::write(&waivers, text).unwrap();
        run(place.command(&["check", "--waivers"]).arg(&waivers))
    };
    let ended = check("2026-12-31").exits(0);
    assert!(ended.stdout.contains("waived until 2026-12-31 by the node team: a known bug"), "{ended}");
    let ended = check("2026-11-08").exits(102);
    assert!(ended.stdout.contains("expired on 2026-11-08"), "{ended}");
    fs::write(&waivers, "waivers: 3").unwrap();
    let ended = run(place.command(&["check", "--waivers"]).arg(&waivers)).exits(96);
    assert!(ended.stderr.contains("waivers.yaml"), "{ended}");
}

#[test]
fn runs_are_listed_shown_compared_and_followed() {
    let place = Place::new();
    place.nights(&fail(&["nothing-is-lost"]));
    let listed = place.history(&["list"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 10, "{listed}");
    assert!(listed.stdout.lines().nth(1).unwrap().starts_with("20261109-100000-3fa9c1d2"), "{listed}");
    let shown = place.history(&["show", "20261109"]).exits(0);
    assert!(shown.stdout.contains("nothing-is-lost") && shown.stdout.contains("kubelet"), "{shown}");
    let compared = place.history(&["compare", "20261108", "20261109"]).exits(0);
    assert!(compared.stdout.contains("version v1.20.2 -> v1.20.5"), "{compared}");
    assert!(compared.stdout.contains("cases that differ: 1; cases on both sides: 3"), "{compared}");
    let trend = place.history(&["trend", "ipc/mc2-article"]).exits(0);
    assert!(trend.stdout.contains("\n........F\n"), "{trend}");
    let flaky = place.history(&["flaky"]).exits(0);
    assert_eq!(flaky.stdout.lines().count(), 1, "{flaky}");
}

#[test]
fn what_is_not_there_exits_4_with_a_hint() {
    let place = Place::new();
    for args in [&["list"][..], &["check"], &["show", "x"]] {
        let ended = place.history(args).exits(4);
        assert!(ended.stderr.contains("history.db") && ended.stderr.contains("hint:"), "{ended}");
        assert!(ended.stdout.is_empty(), "{ended}");
    }
    place.nights(&pass());
    for args in [
        &["check", "--series", "weekly"][..],
        &["show", "2027"],
        &["show", "2026"],
        &["trend", "ipc/never-was"],
    ] {
        let ended = place.history(args).exits(4);
        assert!(ended.stderr.contains("hint:") && ended.stdout.is_empty(), "{ended}");
    }
}

#[test]
fn a_folder_that_is_no_run_exits_96_and_keeps_nothing() {
    let place = Place::new();
    let folder = place.run_folder(1, "v1.20.2", &pass());
    let ended = run(place.command(&["add"]).arg(&folder).arg("/nonexistent")).exits(96);
    assert!(ended.stderr.contains("/nonexistent/record.json"), "{ended}");
    assert!(!place.root.join("podproof/history.db").exists());
}

#[test]
fn a_store_that_cannot_be_made_exits_98_and_a_foreign_one_96() {
    let place = Place::new();
    let folder = place.run_folder(1, "v1.20.2", &pass());
    let add = |store: &Path| run(place.command(&["add", "--store"]).arg(store).arg(&folder));
    let _ = add(Path::new("/proc/nowhere/history.db")).exits(98);
    let text = place.root.join("text");
    fs::write(&text, "no store ".repeat(1000)).unwrap();
    let _ = add(&text).exits(96);
}

#[rstest]
fn processes_that_add_at_once_lose_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (place, spot) = (Place::new(), backend.spot());
    let folders: Vec<_> = (1..=6).map(|day| place.run_folder(day, "v1.20.2", &fail(&["a", "b"]))).collect();
    let add = |folder: &PathBuf| {
        let mut command = place.command(&["add"]);
        command.arg(folder).env("PODPROOF_STORE", &spot.typed).spawn().unwrap()
    };
    // Each makes the store where it is not there yet; each run is added twice.
    let children: Vec<_> = folders.iter().chain(&folders).map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let given: Vec<_> = folders.iter().map(|folder| KeptRun::of(&read_record(folder).unwrap())).collect();
    let extent = Extent { last: None, most: 100 };
    let mut store = Store::open(&spot.place).unwrap();
    let mut kept = store.load("kind-podproof", extent, &Renames::new()).unwrap();
    for run in &mut kept {
        run.attempts
            .sort_by_key(|attempt| given[0].attempts.iter().position(|given| given.key == attempt.key));
    }
    assert_eq!(kept, given);
    assert!(spot.left_over().is_empty(), "drafts are left: {:?}", spot.left_over());
}

#[test]
fn a_store_in_a_database_is_used_like_a_file() {
    let (place, spot) = (Place::new(), Backend::Postgres.spot());
    let url = spot.typed.to_str().unwrap();
    let ended = place.history(&["list", "--store", url]).exits(4);
    assert!(ended.stderr.contains("there is no history in postgres://podproof@/"), "{ended}");
    let folders = [1, 2].map(|day| place.run_folder(day, "v1.20.2", &pass()));
    let _ = run(place.command(&["add", "--store", url]).args(folders)).exits(0);
    let ended = place.history(&["check", "--store", url]).exits(0);
    assert!(ended.stdout.contains("compared with 1 run of the series kind-podproof"), "{ended}");
    spot.meddle("UPDATE schema_version SET version = 99");
    let ended = place.history(&["list", "--store", url]).exits(96);
    assert!(ended.stderr.contains("has version 99"), "{ended}");
    // Neither what is wrong with a URL nor the help tells what is secret in it.
    for (url, code) in [
        ("postgres://me:s3cret@127.0.0.1:1/runs", 98),
        ("postgres://me:s3cret@h@127.0.0.1:1/runs", 2),
        ("postgres://me@127.0.0.1:1/runs?pasword=s3cret", 2),
    ] {
        for args in [&["list"][..], &["--help"], &["list", "--help"], &["list", "--most", "x"]] {
            let ended = run(place.command(args).env("PODPROOF_STORE", url));
            assert!(!ended.stderr.contains("s3cret") && !ended.stdout.contains("s3cret"), "{ended}");
            if args == ["list"] {
                assert!(ended.code == Some(code) && ended.stderr.contains("hint:"), "{ended}");
            }
        }
    }
}

#[test]
fn a_run_is_kept_in_the_series_of_its_cluster() {
    let mut place = Place::new();
    // As some clouds name them, and as somebody may who wants to deceive.
    let names = [Some("arn:aws:eks:eu-1:1:cluster/a"), Some("../\u{1b}[2J\u{202e}"), Some(""), None];
    for (day, name) in (1..).zip(names) {
        place.cluster = name;
        let folder = place.run_folder(day, "v1.20.2", &pass());
        place.add(&[folder]);
    }
    let listed = place.history(&["list", "--message-format", "json"]).exits(0);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let series: Vec<_> =
        listed["runs"].as_array().unwrap().iter().map(|run| run["series"].as_str()).collect();
    let default = Some("default");
    assert_eq!(series, [default, default, names[1], names[0]]);
    // Which is meant is not guessed.
    let ended = place.history(&["check"]).exits(4);
    assert!(ended.stderr.contains("more than one series") && ended.stderr.contains("arn:aws"), "{ended}");
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{ended}");
    // A run that is named has one.
    let ended = place.history(&["check", "20261101"]).exits(0);
    assert!(ended.stdout.contains("series arn:aws:eks:eu-1:1:cluster/a"), "{ended}");
    let ended = place.history(&["check", "--series", "default"]).exits(0);
    assert!(ended.stdout.contains("compared with 1 run of the series default"), "{ended}");
    // Runs of two clusters can be compared.
    let _ = place.history(&["compare", "20261101", "20261104"]).exits(0);
    let _ = place.history(&["compare", "20261101", "20261104", "--series", "default"]).exits(4);
}

#[test]
fn what_was_kept_cannot_deceive_a_terminal() {
    let place = Place::new();
    let report = place.root.join("hostile.xml");
    let evil = "&#27;[2Jevil&#x202e;\u{9b}31m";
    let text = format!(
        "<testsuite name='{evil}' timestamp='2026-11-20T02:00:00Z'><testcase name='{evil}'>\
         <failure message='{evil}'>{evil}</failure></testcase></testsuite>"
    );
    fs::write(&report, text).unwrap();
    let fact = "version=\u{1b}]0;evil\u{7}";
    let ended =
        run(place.command(&["import", "--run", "\u{1b}[31mrun", "--fact", fact]).arg(&report)).exits(0);
    let mut outputs = vec![ended];
    let again = ["import", "--run", "second"];
    outputs.push(run(place.command(&again).arg(&report)).exits(0));
    for args in [&["list"][..], &["show", "second"], &["compare", "second", "\u{1b}[31mrun"]] {
        for format in ["human", "json"] {
            outputs.push(place.history(&[args, &["--message-format", format]].concat()).exits(0));
        }
    }
    for format in ["human", "json"] {
        // It never passed, so it is no regression.
        outputs.push(place.history(&["check", "--message-format", format]).exits(0));
    }
    for ended in outputs {
        let text = ended.stdout.clone() + &ended.stderr;
        let deceives = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(deceives), "{text:?}");
    }
}
