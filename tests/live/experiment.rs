//! The startup experiment on a real cluster: its results, and its state after a signal.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use podproof_core::trials::ExperimentRecord;
use podproof_tests::{KeptFolder, podproof_with_home, run};

use crate::interrupt::{namespaces_of, signal};

fn read_record_of(out: &KeptFolder) -> (ExperimentRecord, PathBuf) {
    let folder = out.run_folder();
    let text = std::fs::read_to_string(folder.join("experiment.json")).unwrap();
    (serde_json::from_str(&text).unwrap(), folder)
}

#[test]
#[ignore = "needs a cluster: make test"]
fn retry_completes_in_both_orders_and_no_strategy_fails_when_swapped() {
    let out = KeptFolder::new();
    let args = ["experiment", "startup", "--cluster", "kind", "--trials", "2", "--parallel", "2"];
    let chosen = ["--strategy", "none", "--strategy", "retry", "--out"];
    let ended = run(podproof_with_home(&args).args(chosen).arg(out.path())).exits(0);
    let (record, folder) = read_record_of(&out);
    for group in &record.groups {
        let completes = group.strategy == "retry" || group.order.word() == "original";
        // Without a strategy the original order rarely loses messages too, so it is not asserted.
        if group.strategy == "retry" || group.order.word() == "swapped" {
            let seen = group.measured.completed.unwrap();
            assert_eq!(seen.count, if completes { seen.of } else { 0 }, "{ended}");
        }
    }
    let csv = std::fs::read_to_string(folder.join("trials.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 8);
    assert_eq!(record.faults, Vec::<String>::new());
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_signal_ends_the_experiment_with_its_results_and_without_leftovers() {
    let out = KeptFolder::new();
    let args = ["experiment", "startup", "--cluster", "kind", "--trials", "50", "--parallel", "2", "--out"];
    let mut child = podproof_with_home(&args)
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stderr = BufReader::new(child.stderr.take().unwrap());
    for line in stderr.lines() {
        // The first batch has ended and the second is running.
        if line.unwrap().contains(" 1/") {
            signal(&child, "-INT");
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (record, _) = read_record_of(&out);
    assert!(record.interrupted.is_some());
    assert!(record.groups.iter().map(|group| group.trials.len()).sum::<usize>() >= 2, "{record:#?}");
    assert_eq!(record.inconclusive(), 0);
    assert_eq!(namespaces_of(record.run.as_str()), "");
}
