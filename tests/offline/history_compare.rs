//! Runs of one side against runs of another.

use podproof::history::{Attempt, KeptRun, Outcome, compare};

use crate::history_world::{empty_run, ended, passed};

/// A run of one case that was repeated as often as there are words. Each letter is an attempt: `P`ass, `F`ail,
/// `I`nconclusive.
fn run(night: usize, rounds: &str) -> KeptRun {
    let mut run = empty_run(night, "v1.0");
    for (round, attempts) in (1..).zip(rounds.split(' ')) {
        for (number, letter) in (1..).zip(attempts.chars()) {
            let outcome = match letter {
                'P' => Outcome::Pass,
                'I' => Outcome::Inconclusive,
                _ => Outcome::Fail,
            };
            run.attempts.push(Attempt { round, number, ..ended("a/case", outcome, None, 1.0) });
        }
    }
    run
}

fn p(before: &[KeptRun], after: &[KeptRun]) -> f64 {
    let compared = compare(before, after);
    assert_eq!((compared.common, compared.differences.len()), (1, 1), "{compared:?}");
    compared.differences[0].p.unwrap()
}

#[test]
fn a_repetition_is_a_trial_and_an_attempt_at_it_is_none() {
    let good: Vec<_> = (0..4).map(|night| run(night, "P")).collect();
    // By hand: of the 70 ways to choose 4 of 8, two are as far apart as 4:0 against 0:4.
    let bad: Vec<_> = (4..8).map(|night| run(night, "F")).collect();
    assert!((p(&good, &bad) - 2.0 / 70.0).abs() < 1e-12);
    // Each failure tried again nine times: they are four failures still.
    let stubborn: Vec<_> = (4..8).map(|night| run(night, "FFFFFFFFFF")).collect();
    assert!((p(&good, &stubborn) - 2.0 / 70.0).abs() < 1e-12);
    // As often as one night repeats, so many trials has it.
    assert!((p(&[run(0, "P P P P")], &[run(1, "F F F F")]) - 2.0 / 70.0).abs() < 1e-12);
    assert!((p(&[run(0, "P P P P")], &[run(1, "FF FF FF FF")]) - 2.0 / 70.0).abs() < 1e-12);
}

#[test]
fn what_passed_only_when_tried_again_failed_as_a_trial_and_is_counted_as_it_ended() {
    let good: Vec<_> = (0..4).map(|night| run(night, "P")).collect();
    let flaky: Vec<_> = (4..8).map(|night| run(night, "FP")).collect();
    assert!((p(&good, &flaky) - 2.0 / 70.0).abs() < 1e-12);
    let after = compare(&good, &flaky).differences[0].after.unwrap();
    assert_eq!((after.tally.pass, after.tally.fail), (4, 4));
}

#[test]
fn what_could_be_told_when_tried_again_is_a_trial() {
    let told: Vec<_> = (0..4).map(|night| run(night, "IP")).collect();
    let bad: Vec<_> = (4..8).map(|night| run(night, "FI")).collect();
    assert!((p(&told, &bad) - 2.0 / 70.0).abs() < 1e-12);
    let difference = &compare(&told, &bad).differences[0];
    let (before, after) = (difference.before.unwrap(), difference.after.unwrap());
    assert_eq!((before.trials.pass, before.trials.all(), before.tally.all()), (4, 4, 8));
    assert_eq!((after.trials.fail, after.trials.all(), after.tally.all()), (4, 4, 8));
}

#[test]
fn what_is_on_one_side_only_is_told_without_a_chance() {
    let (mut one, mut other) = (run(0, "P"), run(1, "P"));
    one.attempts.push(passed("gone/case", 1.0));
    other.attempts.push(passed("new/case", 1.0));
    let compared = compare(&[one], &[other]);
    let told: Vec<_> = compared
        .differences
        .iter()
        .map(|one| (one.key.case.as_str(), one.before.is_some(), one.after.is_some(), one.p))
        .collect();
    assert_eq!(told, [("gone/case", true, false, None), ("new/case", false, true, None)]);
}

#[test]
fn only_a_change_of_pace_that_is_worth_a_word_is_told() {
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
    assert_eq!((compared.common, compared.changed.len(), compared.differences.len()), (0, 0, 0));
}
