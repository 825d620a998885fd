//! Invented runs for the tests of the history.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use podproof_core::history::{CaseAttempt, CaseKey, CaseOutcome, EnvironmentFacts, HistoryRun};

/// A run of day `day` without attempts, on a cluster of this version.
pub fn empty_run(day: usize, version: &str) -> HistoryRun {
    let first: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
    let started = first + SignedDuration::from_hours(24 * i64::try_from(day).unwrap());
    let facts = EnvironmentFacts::from([("version".to_owned(), version.to_owned())]);
    HistoryRun {
        id: format!("run-{day:03}"),
        tool: "podproof 0.1.0".to_owned(),
        started,
        ended: started + SignedDuration::from_mins(10),
        interrupted: None,
        facts,
        attempts: Vec::new(),
    }
}

/// An attempt that passed.
pub fn passed(case: &str, seconds: f64) -> CaseAttempt {
    ended(case, CaseOutcome::Pass, None, seconds)
}

/// An attempt with this outcome. Its reason is also its signature.
pub fn ended(case: &str, outcome: CaseOutcome, reason: Option<&str>, seconds: f64) -> CaseAttempt {
    CaseAttempt {
        key: Arc::new(CaseKey { case: case.to_owned(), variant: String::new() }),
        revision: 1,
        round: 1,
        number: 1,
        outcome,
        reason: reason.map(str::to_owned),
        seconds,
        signature: reason.map(str::to_owned),
    }
}

/// Daily runs in which ten cases pass and `a/case` has the outcome of the letter: `P`ass, `F`ail, `I`nconclusive,
/// `S`kip, `M`ixed, `-` absent. A digit before a letter is a new version of the cluster from that run on.
pub fn runs(letters: &str) -> Vec<HistoryRun> {
    let mut version = "v1.0".to_owned();
    let mut runs = Vec::new();
    for letter in letters.chars() {
        if letter.is_ascii_digit() {
            version = format!("v1.{letter}");
            continue;
        }
        let mut run = empty_run(runs.len(), &version);
        run.attempts = (0..10).map(|other| passed(&format!("other/{other}"), 3.0)).collect();
        let outcomes: &[CaseOutcome] = match letter {
            'P' => &[CaseOutcome::Pass],
            'F' => &[CaseOutcome::Fail],
            'I' => &[CaseOutcome::Inconclusive],
            'S' => &[CaseOutcome::Skip],
            'M' => &[CaseOutcome::Pass, CaseOutcome::Fail],
            _ => &[],
        };
        for outcome in outcomes {
            let reason = (*outcome != CaseOutcome::Pass).then_some("a reason");
            run.attempts.push(ended("a/case", *outcome, reason, 3.0));
        }
        runs.push(run);
    }
    runs
}
