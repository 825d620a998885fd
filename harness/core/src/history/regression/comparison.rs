//! A reviewed run beside the earlier runs that its reports show: the previous one and the last good one.

use std::collections::BTreeMap;

use super::judge::review_run;
use super::review::RunReview;
use super::rules::Rules;
use super::waiver::Waivers;
use crate::history::facts::{FactChange, changed_facts};
use crate::history::model::{CaseKey, CaseOutcome, HistoryRun, RunName};
use crate::history::tally::Tally;

/// The comparison of a run with earlier runs.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryComparison {
    /// The name of the series that the run belongs to.
    pub series: String,
    /// The review of the run.
    pub review: RunReview,
    /// The run before this one; `None` if this is the first.
    pub previous: Option<EarlierRunComparison>,
    /// The last run without failed or inconclusive cases; `None` if none is known.
    pub last_good: Option<EarlierRunComparison>,
}

/// An earlier run, compared with the current one.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierRunComparison {
    /// Its id and start.
    pub run: RunName,
    /// Its executions, counted by outcome. Each attempt at a retried case counts.
    pub earlier: Tally,
    /// The executions of the current run, counted in the same way.
    pub current: Tally,
    /// The number of cases with a worse verdict in the current run than in the earlier one.
    pub worse: usize,
    /// The number of cases with a better verdict.
    pub better: usize,
    /// The environment facts that changed since then.
    pub changed_facts: Vec<FactChange>,
}

/// The values of an environment fact that changed; `None` if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactRow<'a> {
    /// The name of the fact.
    pub fact: &'a str,
    /// Its value in the last good run.
    pub last_good: Option<&'a str>,
    /// Its value in the previous run.
    pub previous: Option<&'a str>,
    /// Its value in the current run.
    pub current: Option<&'a str>,
}

impl HistoryComparison {
    /// Compares `current` with the runs of `series` before it. `stored` is sorted by time and may also contain the
    /// current run and later ones.
    #[must_use]
    pub fn of(series: &str, current: HistoryRun, stored: Vec<HistoryRun>) -> Option<Self> {
        let mut runs = stored;
        // A stored run is not compared with itself or with later runs.
        runs.retain(|run| run.id != current.id && run.started <= current.started);
        runs.push(current);
        let review = review_run(&runs, &Waivers::default(), &Rules::default())?;
        let (current, before) = runs.split_last()?;
        Some(Self {
            series: series.to_owned(),
            review,
            previous: before.last().map(|run| EarlierRunComparison::of(run, current)),
            last_good: before
                .iter()
                .rfind(|run| is_good(run))
                .map(|run| EarlierRunComparison::of(run, current)),
        })
    }

    /// The environment facts that changed since the last good run or the previous run, sorted by name.
    #[must_use]
    pub fn changed_environment(&self) -> Vec<FactRow<'_>> {
        let earlier = [self.last_good.as_ref(), self.previous.as_ref()];
        let mut all: Vec<_> = earlier.iter().flatten().flat_map(|run| &run.changed_facts).collect();
        all.sort_by(|one, other| one.fact.cmp(&other.fact));
        all.dedup_by(|one, other| one.fact == other.fact);
        all.into_iter()
            .map(|change| {
                let [last_good, previous] = earlier.map(|run| earlier_value(run, change));
                FactRow { fact: &change.fact, last_good, previous, current: change.after.as_deref() }
            })
            .collect()
    }
}

/// The value of a fact in an earlier run: the current value, unless the fact changed since.
fn earlier_value<'a>(run: Option<&'a EarlierRunComparison>, change: &'a FactChange) -> Option<&'a str> {
    match run?.changed_facts.iter().find(|changed| changed.fact == change.fact) {
        Some(changed) => changed.before.as_deref(),
        None => change.after.as_deref(),
    }
}

fn is_good(run: &HistoryRun) -> bool {
    let tally = run.tally();
    tally.fail == 0 && tally.inconclusive == 0 && tally.pass > 0 && run.interrupted.is_none()
}

impl EarlierRunComparison {
    fn of(run: &HistoryRun, current: &HistoryRun) -> Self {
        let (earlier_worst, current_worst) = (worst(run), worst(current));
        let both: Vec<_> = current_worst
            .iter()
            .filter_map(|(key, current)| Some((*current, *earlier_worst.get(key)?)))
            .collect();
        Self {
            run: run.name(),
            earlier: run.tally(),
            current: current.tally(),
            worse: both.iter().filter(|(current, earlier)| current > earlier).count(),
            better: both.iter().filter(|(current, earlier)| current < earlier).count(),
            changed_facts: changed_facts(&run.facts, &current.facts),
        }
    }
}

/// The worst outcome of each case.
fn worst(run: &HistoryRun) -> BTreeMap<&CaseKey, CaseOutcome> {
    let mut worst = BTreeMap::new();
    for attempt in &run.attempts {
        let known = worst.entry(&*attempt.key).or_insert(attempt.outcome);
        *known = attempt.outcome.max(*known);
    }
    worst
}
