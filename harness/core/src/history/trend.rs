//! The results of one case over time.

use jiff::Timestamp;
use serde::Serialize;

use super::facts::EnvironmentFacts;
use super::model::{CaseAttempt, CaseOutcome, HistoryRun};
use crate::statistics::change_point;

/// The prior probability that a sequence of runs contains a change.
const PRIOR: f64 = 0.01;

/// The results of one case over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseTrend<'a> {
    /// Its executions, in the order of the runs.
    pub executions: Vec<Execution<'a>>,
    /// Since when it fails more or less often, if that is more than 50 % probable.
    pub change: Option<TrendChange<'a>>,
}

/// One execution of the case, and its run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Execution<'a> {
    /// The id of the run.
    pub run: &'a str,
    /// When the run started.
    pub started: Timestamp,
    /// How the execution ended.
    pub outcome: CaseOutcome,
    /// Its duration, in seconds.
    pub seconds: f64,
    /// Why it did not pass.
    pub reason: Option<&'a str>,
    /// The environment of the run.
    pub facts: &'a EnvironmentFacts,
}

/// A change of how often the case fails. Runs are given by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrendChange<'a> {
    /// The run with which it most likely changed.
    pub at: &'a str,
    /// The first run of the interval in which it changed.
    pub from: &'a str,
    /// The last run of the interval.
    pub to: &'a str,
    /// The probability that there is a change at all.
    pub probability: f64,
}

impl<'a> CaseTrend<'a> {
    /// The results of `case` in `runs`, by its name with or without its variant. `None` if no run has the case.
    #[must_use]
    pub fn of(case: &str, runs: &'a [HistoryRun]) -> Option<Self> {
        let is_case = |attempt: &&CaseAttempt| attempt.key.case == case || attempt.key.to_string() == case;
        let executions: Vec<_> = runs
            .iter()
            .flat_map(|run| {
                run.attempts.iter().filter(is_case).map(move |attempt| Execution::of(run, attempt))
            })
            .collect();
        (!executions.is_empty()).then(|| Self { change: change(&executions), executions })
    }
}

impl<'a> Execution<'a> {
    fn of(run: &'a HistoryRun, attempt: &'a CaseAttempt) -> Self {
        Self {
            run: &run.id,
            started: run.started,
            outcome: attempt.outcome,
            seconds: attempt.seconds,
            reason: attempt.reason.as_deref(),
            facts: &run.facts,
        }
    }
}

fn change<'a>(executions: &[Execution<'a>]) -> Option<TrendChange<'a>> {
    let is_conclusive =
        |execution: &&Execution<'_>| matches!(execution.outcome, CaseOutcome::Pass | CaseOutcome::Fail);
    let conclusive: Vec<_> = executions.iter().filter(is_conclusive).collect();
    let failures: Vec<_> =
        conclusive.iter().map(|execution| execution.outcome == CaseOutcome::Fail).collect();
    let found = change_point(&failures, PRIOR).filter(|found| found.probability > 0.5)?;
    let [at, from, to] = [found.at, found.from, found.to].map(|index| conclusive[index].run);
    Some(TrendChange { at, from, to, probability: found.probability })
}
