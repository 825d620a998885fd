//! Compares two groups of runs, for example two clusters or two versions.

use std::cmp::min_by_key;
use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{FactChange, changed_facts};
use super::model::{CaseKey, CaseOutcome, HistoryRun};
use super::tally::Tally;
use crate::statistics::{Table, adjusted, fisher, median};

/// The adjusted p-value up to which two pass rates count as different.
const SIGNIFICANT_P: f64 = 0.05;

/// The smallest change of duration that is reported, as a factor and in seconds.
const MIN_DURATION_CHANGE: (f64, f64) = (1.2, 0.25);

/// The results of a case in one group of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CaseResults {
    /// Its executions, counted by outcome. Each attempt counts.
    pub tally: Tally,
    /// Its repetitions, counted by outcome, for the statistical test. A repetition fails if any attempt failed;
    /// otherwise it passes if any attempt passed.
    pub trials: Tally,
    /// The median duration of its passes, in seconds. `None` without passes.
    pub seconds: Option<f64>,
}

/// A case whose results differ between the groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseDifference {
    /// The case.
    pub key: CaseKey,
    /// Its results in the first group; `None` if it is not there.
    pub before: Option<CaseResults>,
    /// Its results in the second group; `None` if it is not there.
    pub after: Option<CaseResults>,
    /// The p-value of Fisher's exact test for equal pass rates of the trials, adjusted for the number of cases. `None`
    /// if only one group has the case.
    pub p: Option<f64>,
}

/// The differences between two groups of runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The environment facts that differ between the last runs of the groups.
    #[serde(rename = "changed")]
    pub changed_facts: Vec<FactChange>,
    /// The number of cases that both groups have.
    pub common: usize,
    /// The cases that differ.
    pub differences: Vec<CaseDifference>,
}

/// Compares two groups of runs. Reports cases with an outcome that only one group has, with significantly different
/// pass rates, with different durations, and cases that only one group has.
#[must_use]
pub fn compare(before: &[HistoryRun], after: &[HistoryRun]) -> Comparison {
    let (old, new) = (results_by_case(before), results_by_case(after));
    let common: Vec<_> = old.iter().filter_map(|(key, old)| Some((*key, *old, *new.get(key)?))).collect();
    let p: Vec<_> =
        common.iter().map(|(_, old, new)| fisher(table(old.trials, new.trials)).two_sided).collect();
    let both = common.iter().zip(adjusted(&p)).map(|((key, before, after), p)| {
        let difference =
            CaseDifference { key: (*key).clone(), before: Some(*before), after: Some(*after), p: Some(p) };
        (differ(before, after) || p <= SIGNIFICANT_P).then_some(difference)
    });
    let only = |side: &BTreeMap<&CaseKey, CaseResults>, other: &BTreeMap<&CaseKey, CaseResults>| {
        let only = side.iter().filter(|(key, _)| !other.contains_key(*key));
        only.map(|(key, results)| ((*key).clone(), *results)).collect::<Vec<_>>()
    };
    let removed = only(&old, &new).into_iter().map(|(key, results)| (key, Some(results), None));
    let added = only(&new, &old).into_iter().map(|(key, results)| (key, None, Some(results)));
    let only_one =
        removed.chain(added).map(|(key, before, after)| CaseDifference { key, before, after, p: None });
    let mut differences: Vec<_> = both.flatten().chain(only_one).collect();
    differences.sort_by(|one, other| one.key.cmp(&other.key));
    let changed_facts = match (before.last(), after.last()) {
        (Some(before), Some(after)) => changed_facts(&before.facts, &after.facts),
        _ => Vec::new(),
    };
    Comparison { changed_facts, common: common.len(), differences }
}

/// Collects the executions of one case in one group.
#[derive(Default)]
struct Side<'a> {
    tally: Tally,
    passes: Vec<f64>,
    /// The outcome of each repetition, by run and round.
    trials: BTreeMap<(&'a str, u32), CaseOutcome>,
}

fn results_by_case(runs: &[HistoryRun]) -> BTreeMap<&CaseKey, CaseResults> {
    let mut sides: BTreeMap<&CaseKey, Side<'_>> = BTreeMap::new();
    for run in runs {
        for attempt in &run.attempts {
            let side = sides.entry(&*attempt.key).or_default();
            let trial = side.trials.entry((&run.id, attempt.round)).or_insert(attempt.outcome);
            *trial = min_by_key(*trial, attempt.outcome, |outcome| rank(*outcome));
            side.tally.count(attempt.outcome);
            if attempt.outcome == CaseOutcome::Pass {
                side.passes.push(attempt.seconds);
            }
        }
    }
    sides.into_iter().map(|(key, side)| (key, side.results())).collect()
}

impl Side<'_> {
    fn results(self) -> CaseResults {
        let mut trials = Tally::default();
        for outcome in self.trials.values() {
            trials.count(*outcome);
        }
        CaseResults { tally: self.tally, trials, seconds: median(&self.passes) }
    }
}

/// The outcome of a repetition is that of its attempt with the lowest rank.
fn rank(outcome: CaseOutcome) -> u8 {
    match outcome {
        CaseOutcome::Fail => 0,
        CaseOutcome::Pass => 1,
        CaseOutcome::Inconclusive => 2,
        CaseOutcome::Skip => 3,
    }
}

fn table(old: Tally, new: Tally) -> Table {
    Table { first: old.pass, first_not: old.fail, second: new.pass, second_not: new.fail }
}

/// Returns whether only one group has some outcome, or the durations differ.
fn differ(before: &CaseResults, after: &CaseResults) -> bool {
    let outcomes = |tally: &Tally| {
        let Tally { pass, fail, inconclusive, skip } = tally;
        [pass, fail, inconclusive, skip].map(|count| *count > 0)
    };
    let duration_differs = before.seconds.zip(after.seconds).is_some_and(|(old, new)| {
        let (factor, seconds) = MIN_DURATION_CHANGE;
        (new - old).abs() >= seconds && (new > old * factor || old > new * factor)
    });
    outcomes(&before.tally) != outcomes(&after.tally) || duration_differs
}
