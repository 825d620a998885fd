//! After a signal a run writes its reports and leaves no namespace.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use podproof::run::judge_again;
use podproof_core::judge::Verdict;
use podproof_core::record::{CaseRecord, read_record};
use podproof_tests::{KeptFolder, podproof_with_home, run};
use rstest::rstest;
use serde_json::Value;

/// The namespaces in the cluster that have the run's label, one per line.
pub(crate) fn namespaces_of(run_id: &str) -> String {
    let up = run(&mut podproof_with_home(&["cluster", "up"])).exits(0);
    let node =
        run(Command::new("docker").args(["ps", "--quiet", "--filter", "name=^podproof-control-plane$"]));
    assert!(!node.stdout.is_empty(), "{up}\n{node}");
    let kubectl = ["exec", "podproof-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"];
    let label = format!("podproof.local/run={run_id}");
    let got =
        run(Command::new("docker").args(kubectl).args(["get", "namespaces", "--output=name", "-l", &label]));
    got.exits(0).stdout
}

pub(crate) fn signal(child: &Child, name: &str) {
    let _ = run(Command::new("kill").args([name, &child.id().to_string()])).exits(0);
}

#[rstest]
#[case::int("-INT", 130)]
#[case::term("-TERM", 143)]
#[ignore = "needs a cluster: make test"]
fn a_signal_ends_the_run_with_reports_and_without_leftovers(#[case] name: &str, #[case] code: i32) {
    let out = KeptFolder::new();
    let mut command = podproof_with_home(&[
        "run",
        "--cluster",
        "kind",
        "--message-format",
        "json",
        "--repeat",
        "3",
        "--out",
    ]);
    let mut child =
        command.arg(out.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut run_id = String::new();
    for line in stdout.lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        match event["event"].as_str().unwrap() {
            "run-started" => run_id = event["run"].as_str().unwrap().to_owned(),
            "case-started" if event["index"] == 3 => signal(&child, name),
            _ => {}
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(code));
    assert_reports(&out.path().join(&run_id));
    assert_eq!(namespaces_of(&run_id), "");
}

fn assert_reports(folder: &Path) {
    let record = read_record(folder).unwrap();
    assert!(record.interrupted.is_some());
    let skipped =
        |verdict: &Verdict| matches!(verdict, Verdict::Skip { reason } if reason.contains("interrupted"));
    assert!(record.cases.iter().any(|case| skipped(&case.verdict)));
    // Cases that this cluster does not support are skipped; all others passed or were interrupted.
    let is_expected = |case: &CaseRecord| {
        let is_unsupported = matches!(&case.verdict, Verdict::Skip { reason }
            if case.unproved.is_some() || reason.starts_with("the cluster lacks"));
        is_unsupported || skipped(&case.verdict) || case.verdict.is_pass()
    };
    assert!(record.cases.iter().all(is_expected), "{record:#?}");
    assert_eq!(judge_again(folder, &record), record);
    let junit = std::fs::read_to_string(folder.join("junit.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&junit).unwrap();
    assert_eq!(report.tests, record.cases.len());
}

#[test]
#[ignore = "needs a cluster: make test"]
fn namespaces_of_a_killed_run_are_swept_by_run_id_and_not_before_they_expire() {
    let out = KeptFolder::new();
    let mut command = podproof_with_home(&[
        "run",
        "--cluster",
        "kind",
        "--message-format",
        "json",
        "--select",
        "volume/* and tier:quick",
        "--out",
    ]);
    let mut child =
        command.arg(out.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut run_id = String::new();
    for line in stdout.by_ref() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        match event["event"].as_str().unwrap() {
            "run-started" => run_id = event["run"].as_str().unwrap().to_owned(),
            // One case has ended, so other cases have namespaces now.
            "case-finished" if event["case"]["verdict"]["kind"] == "pass" => break,
            _ => {}
        }
    }
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_ne!(namespaces_of(&run_id), "");

    let swept = run(&mut podproof_with_home(&["sweep", "--cluster", "kind", "--dry-run"])).exits(0);
    assert!(!swept.stdout.contains(&run_id), "its lifetime is not over\n{swept}");
    let swept = run(&mut podproof_with_home(&["sweep", "--cluster", "kind", "--run", &run_id])).exits(0);
    assert!(swept.stdout.contains(&format!("of run {run_id} (volume/")), "{swept}");
    assert_eq!(namespaces_of(&run_id), "");
}
