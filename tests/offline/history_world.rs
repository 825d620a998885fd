//! Histories that were made up.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use podproof::history::{Attempt, CaseKey, Facts, KeptRun, Outcome};

/// A run of night `night`, on a cluster of that version, without any execution.
pub fn empty_run(night: usize, version: &str) -> KeptRun {
    let first: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
    let started = first + SignedDuration::from_hours(24 * i64::try_from(night).unwrap());
    let facts = Facts::from([("version".to_owned(), version.to_owned())]);
    KeptRun {
        id: format!("run-{night:03}"),
        tool: "podproof 0.1.0".to_owned(),
        started,
        ended: started + SignedDuration::from_mins(10),
        interrupted: None,
        facts,
        attempts: Vec::new(),
    }
}

/// An execution that passed.
pub fn passed(case: &str, seconds: f64) -> Attempt {
    ended(case, Outcome::Pass, None, seconds)
}

/// An execution that did not pass for a reason that is its own signature.
pub fn ended(case: &str, outcome: Outcome, reason: Option<&str>, seconds: f64) -> Attempt {
    Attempt {
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

/// Runs in which ten cases pass and `a/case` does as the letters say, one a night: `P`ass, `F`ail, `I`nconclusive,
/// `S`kip, `M`ixed, `-` absent; a digit before a letter is a new version of the cluster from then on.
pub fn runs(letters: &str) -> Vec<KeptRun> {
    let mut version = "v1.0".to_owned();
    let mut runs = Vec::new();
    for letter in letters.chars() {
        if letter.is_ascii_digit() {
            version = format!("v1.{letter}");
            continue;
        }
        let mut run = empty_run(runs.len(), &version);
        run.attempts = (0..10).map(|other| passed(&format!("other/{other}"), 3.0)).collect();
        let outcomes: &[Outcome] = match letter {
            'P' => &[Outcome::Pass],
            'F' => &[Outcome::Fail],
            'I' => &[Outcome::Inconclusive],
            'S' => &[Outcome::Skip],
            'M' => &[Outcome::Pass, Outcome::Fail],
            _ => &[],
        };
        for outcome in outcomes {
            let reason = (*outcome != Outcome::Pass).then_some("a reason");
            run.attempts.push(ended("a/case", *outcome, reason, 3.0));
        }
        runs.push(run);
    }
    runs
}
