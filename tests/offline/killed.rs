//! A killed run keeps every case that had ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use podproof_core::judge::Verdict;
use podproof_core::record::{read_record, write_record};
use podproof_tests::{kubeconfig, podproof, run};
use serde_json::{Value, json};

use crate::facts::{Request, answer_basics, serve};
use crate::judge::catalogue;
use crate::record::{case, fail, pass, record, retried, skip};

/// Writes the journal of a killed run of three cases, of which those in `ended` had ended. Returns its text.
fn journal(folder: &Path, ended: &[(usize, Value)]) -> String {
    let cases = ["volume/a", "volume/b", "volume/c"]
        .map(|claim| case(claim, 0, &skip("not ended: the run was killed")));
    let mut head = serde_json::to_value(record("check", &cases)).unwrap();
    head["interrupted"] = json!("being killed");
    head["ended"] = head["started"].clone();
    let lines = ended.iter().map(|(index, case)| format!("{}\n", json!({ "index": index, "case": case })));
    let text = format!("{head}\n{}", lines.collect::<String>());
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("record.jsonl"), &text).unwrap();
    text
}

fn words(folder: &Path) -> Vec<&'static str> {
    read_record(folder).unwrap().cases.iter().map(|case| case.verdict.word()).collect()
}

#[test]
fn ended_cases_are_read_back_and_the_others_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    journal(folder, &[(1, case("volume/b", 2, &pass()))]);
    let recovered = read_record(folder).unwrap();
    assert_eq!(words(folder), ["skip", "pass", "skip"]);
    assert!(recovered.interrupted.is_some());
    assert_eq!(recovered.ended.to_string(), "2026-11-22T10:00:05.45Z");
    // A failed claim is not lost.
    journal(folder, &[(1, case("volume/b", 2, &pass())), (0, case("volume/a", 3, &fail(&["keeps"])))]);
    assert_eq!(words(folder), ["fail", "pass", "skip"]);
    // A later line of the same case replaces an earlier one.
    let again = retried("volume/a", 3, &[fail(&["keeps"]), pass()], 0);
    journal(folder, &[(0, case("volume/a", 3, &fail(&["keeps"]))), (0, again)]);
    assert!(read_record(folder).unwrap().cases[0].is_flaky());
}

#[test]
fn an_incomplete_last_line_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = journal(folder, &[(1, case("volume/b", 2, &pass())), (2, case("volume/c", 3, &pass()))]);
    let head = text.find('\n').unwrap() + 1;
    let first = head + text[head..].find('\n').unwrap() + 1;
    for end in head..text.len() {
        fs::write(folder.join("record.jsonl"), &text[..end]).unwrap();
        let expected = if end < first { ["skip", "skip", "skip"] } else { ["skip", "pass", "skip"] };
        assert_eq!(words(folder), expected, "cut at {end}");
    }
}

#[test]
fn an_invalid_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = journal(folder, &[(3, case("volume/d", 2, &pass()))]);
    for (text, problem) in [
        (text.clone(), "no index 3"),
        (text.replacen("\"index\":3", "\"index\":\"x\"", 1), "record.jsonl"),
        (text.replacen("\"format\":1", "\"format\":99", 1), "format 99"),
        (String::new(), "record.jsonl"),
    ] {
        fs::write(folder.join("record.jsonl"), text).unwrap();
        let ended = run(podproof(["judge"]).arg(folder)).exits(96);
        assert!(ended.stderr.contains(problem), "{ended}");
    }
}

#[test]
fn a_written_record_replaces_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    journal(folder, &[]);
    write_record(folder, &record("check", &[case("volume/a", 1, &pass())])).unwrap();
    assert_eq!(words(folder), ["pass"]);
    assert!(!folder.join("record.jsonl").exists());
}

#[test]
fn every_command_reads_a_killed_run_and_none_calls_it_complete() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("run");
    let here = |args: &[&str]| {
        let mut command = podproof(args);
        command.env("XDG_STATE_HOME", folder.path());
        command
    };
    journal(&left, &[]);
    let name = left.to_str().unwrap();
    let ended = run(&mut here(&["judge", name])).exits(5);
    assert!(ended.stdout.contains("not ended: the run was killed"), "{ended}");
    assert!(ended.stdout.contains("partial"), "{ended}");
    let _ = run(&mut here(&["report", name])).exits(0);
    let page = fs::read_to_string(left.join("report.html")).unwrap();
    assert!(page.contains("being killed"), "{page}");
    let metrics = fs::read_to_string(left.join("metrics.prom")).unwrap();
    assert!(!metrics.contains("last_success"), "{metrics}");
    let _ = run(&mut here(&["history", "add", name])).exits(0);
    let _ = run(&mut here(&["explain", "--article", "--run", name])).exits(0);
    assert!(!left.join("record.json").exists(), "reading must not write a record");
}

/// Refuses every request except those for the version and the nodes, after a short delay.
#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn slow(request: &Request) -> Option<(u16, String)> {
    thread::sleep(Duration::from_millis(10));
    Some(answer_basics(request))
}

#[test]
fn sigkill_loses_only_the_cases_in_flight() {
    let (server, _requests) = serve(slow);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &server);
    let out = folder.path().join("runs");
    let mut command =
        podproof(["run", "--context", "x", "--select", "ipc/mc2-article", "--repeat", "1000", "--out"]);
    command.arg(&out).env("KUBECONFIG", kubeconfig).args(["--parallel", "2"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let ended = |run: &PathBuf| {
        let journal = fs::read_to_string(run.join("record.jsonl")).unwrap_or_default();
        journal.matches('\n').count().saturating_sub(1)
    };
    let left = loop {
        let run = fs::read_dir(&out).ok().and_then(|mut runs| Some(runs.next()?.ok()?.path()));
        if let Some(run) = run.filter(|run| ended(run) >= 20) {
            break run;
        }
        assert!(begun.elapsed() < Duration::from_secs(120));
        thread::sleep(Duration::from_millis(20));
    };
    let before = ended(&left);
    let _ = run(Command::new("kill").args(["-KILL", &child.id().to_string()])).exits(0);
    child.wait().unwrap();
    let record = read_record(&left).unwrap();
    let recovered_cases =
        record.cases.iter().filter(|case| matches!(case.verdict, Verdict::Inconclusive { .. })).count();
    let all = record.cases.len();
    assert!(
        recovered_cases >= before && before >= 20 && all == 1000,
        "{recovered_cases} of {all}, {before} when it was killed"
    );
    assert!(!left.join("record.json").exists());
    let claim = catalogue().claim(&record.cases[0].claim).unwrap();
    assert_eq!(record.claims[&claim.id].given, claim.given);
    assert!(record.article.is_some_and(|article| article.claim(&claim.id).is_some()));
    let _ = run(podproof(["judge"]).arg(&left)).exits(101);
    let _ = run(podproof(["report"]).arg(&left)).exits(0);
    let page = fs::read_to_string(left.join("report.html")).unwrap();
    assert!(page.contains(&claim.given), "{page}");
}
