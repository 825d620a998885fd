//! The comparison of two sets of runs.

use podproof_core::history::{CaseAttempt, CaseOutcome, HistoryRun, compare};

use crate::history_fixtures::{empty_run, ended, passed};

/// A run of one case. Each word of `rounds` is a repetition, and each letter an attempt: `P`ass, `F`ail,
/// `I`nconclusive.
fn run(day: usize, rounds: &str) -> HistoryRun {
    let mut run = empty_run(day, "v1.0");
    for (round, attempts) in (1..).zip(rounds.split(' ')) {
        for (number, letter) in (1..).zip(attempts.chars()) {
            let outcome = match letter {
                'P' => CaseOutcome::Pass,
                'I' => CaseOutcome::Inconclusive,
                _ => CaseOutcome::Fail,
            };
            run.attempts.push(CaseAttempt { round, number, ..ended("a/case", outcome, None, 1.0) });
        }
    }
    run
}

fn p(before: &[HistoryRun], after: &[HistoryRun]) -> f64 {
    let compared = compare(before, after);
    assert_eq!((compared.common, compared.differences.len()), (1, 1), "{compared:?}");
    compared.differences[0].p.unwrap()
}

#[test]
fn a_repetition_is_a_trial_and_a_retry_is_not() {
    let good: Vec<_> = (0..4).map(|day| run(day, "P")).collect();
    // By hand: of the 70 ways to choose 4 of 8, two are as far apart as 4:0 against 0:4.
    let bad: Vec<_> = (4..8).map(|day| run(day, "F")).collect();
    assert!((p(&good, &bad) - 2.0 / 70.0).abs() < 1e-12);
    // Nine retries of each failure: these are still four failures.
    let stubborn: Vec<_> = (4..8).map(|day| run(day, "FFFFFFFFFF")).collect();
    assert!((p(&good, &stubborn) - 2.0 / 70.0).abs() < 1e-12);
    // Each repetition within one run is a trial.
    assert!((p(&[run(0, "P P P P")], &[run(1, "F F F F")]) - 2.0 / 70.0).abs() < 1e-12);
    assert!((p(&[run(0, "P P P P")], &[run(1, "FF FF FF FF")]) - 2.0 / 70.0).abs() < 1e-12);
}

#[test]
fn a_pass_after_a_retry_is_a_failed_trial_and_each_attempt_is_tallied() {
    let good: Vec<_> = (0..4).map(|day| run(day, "P")).collect();
    let flaky: Vec<_> = (4..8).map(|day| run(day, "FP")).collect();
    assert!((p(&good, &flaky) - 2.0 / 70.0).abs() < 1e-12);
    let after = compare(&good, &flaky).differences[0].after.unwrap();
    assert_eq!((after.tally.pass, after.tally.fail), (4, 4));
}

#[test]
fn a_case_that_was_conclusive_in_one_attempt_is_a_trial() {
    let retried: Vec<_> = (0..4).map(|day| run(day, "IP")).collect();
    let bad: Vec<_> = (4..8).map(|day| run(day, "FI")).collect();
    assert!((p(&retried, &bad) - 2.0 / 70.0).abs() < 1e-12);
    let difference = &compare(&retried, &bad).differences[0];
    let (before, after) = (difference.before.unwrap(), difference.after.unwrap());
    assert_eq!((before.trials.pass, before.trials.all(), before.tally.all()), (4, 4, 8));
    assert_eq!((after.trials.fail, after.trials.all(), after.tally.all()), (4, 4, 8));
}

#[test]
fn a_case_on_one_side_only_is_listed_without_a_p_value() {
    let (mut one, mut other) = (run(0, "P"), run(1, "P"));
    one.attempts.push(passed("gone/case", 1.0));
    other.attempts.push(passed("new/case", 1.0));
    let compared = compare(&[one], &[other]);
    let listed: Vec<_> = compared
        .differences
        .iter()
        .map(|one| (one.key.case.as_str(), one.before.is_some(), one.after.is_some(), one.p))
        .collect();
    assert_eq!(listed, [("gone/case", true, false, None), ("new/case", false, true, None)]);
}

#[test]
fn only_a_large_change_of_duration_is_a_difference() {
    let at = |seconds: f64| {
        let mut run = empty_run(0, "v1.0");
        run.attempts = vec![passed("a/case", seconds)];
        [run]
    };
    let differ = |old, new| !compare(&at(old), &at(new)).differences.is_empty();
    assert!(differ(2.0, 2.5) && differ(2.5, 2.0));
    // Less than a fifth, and less than a quarter of a second.
    assert!(!differ(10.0, 11.5) && !differ(0.1, 0.3));
}

#[test]
fn sides_without_runs_have_no_difference() {
    let compared = compare(&[], &[]);
    assert_eq!((compared.common, compared.changed_facts.len(), compared.differences.len()), (0, 0, 0));
}
