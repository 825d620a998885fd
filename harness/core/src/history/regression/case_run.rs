//! The combined result of a case in a run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::history::model::{CaseAttempt, CaseKey, CaseOutcome, HistoryRun};
use crate::statistics::median;

/// The combined result of all executions of a case in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseResult {
    Pass,
    Fail,
    /// The case both passed and failed.
    Mixed,
    Inconclusive,
    Skip,
}

/// The executions of a case in a run.
#[derive(Clone, Debug)]
pub(super) struct CaseRun<'a> {
    /// The index of the run; 0 is the oldest.
    pub(super) run: usize,
    pub(super) revision: u32,
    /// The duration of the first pass, in seconds. Most cases pass once per run, which then needs no allocation.
    pass: Option<f64>,
    /// The durations of the other passes, in seconds.
    more_passes: Vec<f64>,
    fails: usize,
    inconclusive: usize,
    /// The reason of the worst execution.
    pub(super) reason: Option<&'a str>,
    /// The signature of the worst execution.
    pub(super) signature: Option<&'a str>,
    worst: CaseOutcome,
}

/// The runs of each case, the oldest first.
pub(super) type CaseRuns<'a> = BTreeMap<&'a CaseKey, Vec<CaseRun<'a>>>;

/// Groups the executions of `runs` by case.
pub(super) fn case_runs(runs: &[HistoryRun]) -> CaseRuns<'_> {
    let mut cases: Vec<(&CaseKey, Vec<CaseRun<'_>>)> = Vec::new();
    // Most runs share their keys, so a lookup by address usually avoids hashing the name.
    let mut by_address: HashMap<*const CaseKey, usize> = HashMap::new();
    let mut by_name: HashMap<&CaseKey, usize> = HashMap::new();
    for (index, run) in runs.iter().enumerate() {
        for attempt in &run.attempts {
            let case = *by_address.entry(Arc::as_ptr(&attempt.key)).or_insert_with(|| {
                *by_name.entry(&*attempt.key).or_insert_with(|| {
                    cases.push((&*attempt.key, Vec::new()));
                    cases.len() - 1
                })
            });
            let case_runs = &mut cases[case].1;
            match case_runs.last_mut() {
                Some(case_run) if case_run.run == index => case_run.add(attempt),
                _ => {
                    let mut case_run = CaseRun::new(index, attempt.revision);
                    case_run.add(attempt);
                    case_runs.push(case_run);
                }
            }
        }
    }
    cases.into_iter().collect()
}

impl<'a> CaseRun<'a> {
    fn new(run: usize, revision: u32) -> Self {
        Self {
            run,
            revision,
            pass: None,
            more_passes: Vec::new(),
            fails: 0,
            inconclusive: 0,
            reason: None,
            signature: None,
            worst: CaseOutcome::Pass,
        }
    }

    fn add(&mut self, attempt: &'a CaseAttempt) {
        match attempt.outcome {
            CaseOutcome::Pass if self.pass.is_none() => self.pass = Some(attempt.seconds),
            CaseOutcome::Pass => self.more_passes.push(attempt.seconds),
            CaseOutcome::Fail => self.fails += 1,
            CaseOutcome::Inconclusive => self.inconclusive += 1,
            CaseOutcome::Skip => {}
        }
        if attempt.outcome > self.worst {
            self.worst = attempt.outcome;
            self.reason = attempt.reason.as_deref();
            self.signature = attempt.signature.as_deref();
        }
    }

    /// The combined result of the executions.
    pub(super) fn result(&self) -> CaseResult {
        match (usize::from(self.pass.is_some()), self.fails, self.inconclusive) {
            (0, 0, 0) => CaseResult::Skip,
            (0, 0, _) => CaseResult::Inconclusive,
            (_, 0, _) => CaseResult::Pass,
            (0, _, _) => CaseResult::Fail,
            _ => CaseResult::Mixed,
        }
    }

    /// Returns whether the result says something about the claim.
    pub(super) fn is_significant(&self) -> bool {
        matches!(self.result(), CaseResult::Pass | CaseResult::Fail | CaseResult::Mixed)
    }

    pub(super) fn is_bad(&self) -> bool {
        self.result() == CaseResult::Fail
    }

    /// The median duration of the passes, in seconds. `None` without passes. Repetitions in one run share its
    /// conditions, so they count as one value.
    pub(super) fn seconds(&self) -> Option<f64> {
        if self.more_passes.is_empty() {
            return self.pass;
        }
        median(&self.pass.iter().chain(&self.more_passes).copied().collect::<Vec<_>>())
    }
}
