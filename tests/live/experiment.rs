//! The experiment on a real cluster: what it finds, and what a signal leaves behind.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use podproof::experiment::ExperimentRecord;
use podproof_tests::{Kept, ours, run};

use crate::interrupt::{namespaces_of, signal};

fn the_record(out: &Kept) -> (ExperimentRecord, PathBuf) {
    let folder = out.the_run();
    let text = std::fs::read_to_string(folder.join("experiment.json")).unwrap();
    (serde_json::from_str(&text).unwrap(), folder)
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_remedy_works_in_both_orders_and_none_in_one() {
    let out = Kept::new();
    let args = ["experiment", "startup", "--cluster", "kind", "--trials", "2", "--parallel", "2"];
    let chosen = ["--strategy", "none", "--strategy", "retry", "--out"];
    let ended = run(ours(&args).args(chosen).arg(out.path())).exits(0);
    let (record, folder) = the_record(&out);
    for group in &record.groups {
        let completes = group.strategy == "retry" || group.order.word() == "original";
        // The original order may lose too, if rarely: nothing is said of it.
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
fn a_signal_ends_it_with_what_was_measured_and_without_leftovers() {
    let out = Kept::new();
    let args = ["experiment", "startup", "--cluster", "kind", "--trials", "50", "--parallel", "2", "--out"];
    let mut child =
        ours(&args).arg(out.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let stderr = BufReader::new(child.stderr.take().unwrap());
    for line in stderr.lines() {
        // The first batch has ended, the second goes on.
        if line.unwrap().contains(" 1/") {
            signal(&child, "-INT");
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (record, _) = the_record(&out);
    assert!(record.interrupted.is_some());
    assert!(record.groups.iter().map(|group| group.trials.len()).sum::<usize>() >= 2, "{record:#?}");
    assert_eq!(record.inconclusive(), 0);
    assert_eq!(namespaces_of(record.run.as_str()), "");
}
