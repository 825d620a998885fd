//! One case in one run, its repetitions taken together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::history::kept::{Attempt, CaseKey, KeptRun, Outcome};
use crate::history::statistics::median;

/// How a case did in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Pass,
    Fail,
    /// It did both, in one environment.
    Mixed,
    Inconclusive,
    Skip,
}

/// A case in a run.
#[derive(Clone, Debug)]
pub(super) struct Night<'a> {
    /// The run's place, from the oldest.
    pub(super) run: usize,
    pub(super) revision: u32,
    /// How long it took where it passed: mostly that is once, and a year has many nights.
    pass: Option<f64>,
    more_passes: Vec<f64>,
    fails: usize,
    inconclusive: usize,
    /// Of the worst repetition.
    pub(super) reason: Option<&'a str>,
    /// Of the worst repetition.
    pub(super) signature: Option<&'a str>,
    worst: Outcome,
}

/// The nights of each case, the oldest first.
pub(super) type Courses<'a> = BTreeMap<&'a CaseKey, Vec<Night<'a>>>;

pub(super) fn courses(runs: &[KeptRun]) -> Courses<'_> {
    let mut courses: Vec<(&CaseKey, Vec<Night<'_>>)> = Vec::new();
    // Most runs share their keys: then a case is found without a look at its name.
    let mut by_share: HashMap<*const CaseKey, usize> = HashMap::new();
    let mut by_name: HashMap<&CaseKey, usize> = HashMap::new();
    for (place, run) in runs.iter().enumerate() {
        for attempt in &run.attempts {
            let course = *by_share.entry(Arc::as_ptr(&attempt.key)).or_insert_with(|| {
                *by_name.entry(&*attempt.key).or_insert_with(|| {
                    courses.push((&*attempt.key, Vec::new()));
                    courses.len() - 1
                })
            });
            let nights = &mut courses[course].1;
            match nights.last_mut() {
                Some(night) if night.run == place => night.take(attempt),
                _ => {
                    let mut night = Night::begun(place, attempt);
                    night.take(attempt);
                    nights.push(night);
                }
            }
        }
    }
    courses.into_iter().collect()
}

impl<'a> Night<'a> {
    fn begun(run: usize, attempt: &Attempt) -> Self {
        Self {
            run,
            revision: attempt.revision,
            pass: None,
            more_passes: Vec::new(),
            fails: 0,
            inconclusive: 0,
            reason: None,
            signature: None,
            worst: Outcome::Pass,
        }
    }

    fn take(&mut self, attempt: &'a Attempt) {
        match attempt.outcome {
            Outcome::Pass if self.pass.is_none() => self.pass = Some(attempt.seconds),
            Outcome::Pass => self.more_passes.push(attempt.seconds),
            Outcome::Fail => self.fails += 1,
            Outcome::Inconclusive => self.inconclusive += 1,
            Outcome::Skip => {}
        }
        if attempt.outcome > self.worst {
            self.worst = attempt.outcome;
            self.reason = attempt.reason.as_deref();
            self.signature = attempt.signature.as_deref();
        }
    }

    pub(super) fn ended(&self) -> Ended {
        match (usize::from(self.pass.is_some()), self.fails, self.inconclusive) {
            (0, 0, 0) => Ended::Skip,
            (0, 0, _) => Ended::Inconclusive,
            (_, 0, _) => Ended::Pass,
            (0, _, _) => Ended::Fail,
            _ => Ended::Mixed,
        }
    }

    /// Whether it says something of the claim.
    pub(super) fn is_significant(&self) -> bool {
        matches!(self.ended(), Ended::Pass | Ended::Fail | Ended::Mixed)
    }

    pub(super) fn is_bad(&self) -> bool {
        self.ended() == Ended::Fail
    }

    /// How long it takes where it passes, in seconds. Repetitions of one night share its weather and count as one.
    pub(super) fn seconds(&self) -> Option<f64> {
        if self.more_passes.is_empty() {
            return self.pass;
        }
        median(&self.pass.iter().chain(&self.more_passes).copied().collect::<Vec<_>>())
    }
}
