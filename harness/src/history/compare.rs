//! Runs against runs: two clusters, two versions, before and after.

use std::cmp::min_by_key;
use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{FactChange, changed_facts};
use super::kept::{CaseKey, KeptRun, Outcome};
use super::statistics::{Table, adjusted, fisher, median};

/// The adjusted p-value up to which two shares of passes are told apart.
const APART: f64 = 0.05;

/// The least change of pace that is told, as a factor and in seconds.
const PACE: (f64, f64) = (1.2, 0.25);

/// How often a case ended so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Passes.
    pub pass: u32,
    /// Fails.
    pub fail: u32,
    /// Inconclusives.
    pub inconclusive: u32,
    /// Skips.
    pub skip: u32,
}

/// One case on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Fared {
    /// How often an execution of it ended how.
    pub tally: Tally,
    /// The same by its trials, with which chance is reckoned: each repetition is one, whatever was tried again. It failed
    /// if any attempt at it did; else any that passed makes it a pass.
    pub trials: Tally,
    /// The median of its passes, in seconds.
    pub seconds: Option<f64>,
}

/// A case that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The case.
    pub key: CaseKey,
    /// On the one side; absent where it is not there.
    pub before: Option<Fared>,
    /// On the other.
    pub after: Option<Fared>,
    /// How likely chance makes the shares of passes among the trials differ so, by Fisher's exact test, adjusted for
    /// all cases.
    pub p: Option<f64>,
}

/// What differs between two sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What of the environment differs, between the last runs of both.
    pub changed: Vec<FactChange>,
    /// How many cases both sides have.
    pub common: usize,
    /// The cases that differ.
    pub differences: Vec<Difference>,
}

/// What differs between the runs of one side and those of the other: cases that never failed on one side and did on
/// the other, shares of passes that chance does not explain, cases that are only on one side, and paces.
#[must_use]
pub fn compare(before: &[KeptRun], after: &[KeptRun]) -> Comparison {
    let (old, new) = (sides(before), sides(after));
    let common: Vec<_> = old.iter().filter_map(|(key, old)| Some((*key, *old, *new.get(key)?))).collect();
    let p: Vec<_> =
        common.iter().map(|(_, old, new)| fisher(table(old.trials, new.trials)).two_sided).collect();
    let both = common.iter().zip(adjusted(&p)).map(|((key, before, after), p)| {
        let difference =
            Difference { key: (*key).clone(), before: Some(*before), after: Some(*after), p: Some(p) };
        (differ(before, after) || p <= APART).then_some(difference)
    });
    let only = |side: &BTreeMap<&CaseKey, Fared>, other: &BTreeMap<&CaseKey, Fared>| {
        let only = side.iter().filter(|(key, _)| !other.contains_key(*key));
        only.map(|(key, fared)| ((*key).clone(), *fared)).collect::<Vec<_>>()
    };
    let gone = only(&old, &new).into_iter().map(|(key, fared)| (key, Some(fared), None));
    let come = only(&new, &old).into_iter().map(|(key, fared)| (key, None, Some(fared)));
    let alone = gone.chain(come).map(|(key, before, after)| Difference { key, before, after, p: None });
    let mut differences: Vec<_> = both.flatten().chain(alone).collect();
    differences.sort_by(|one, other| one.key.cmp(&other.key));
    let changed = match (before.last(), after.last()) {
        (Some(before), Some(after)) => changed_facts(&before.facts, &after.facts),
        _ => Vec::new(),
    };
    Comparison { changed, common: common.len(), differences }
}

/// The executions of one case on one side.
#[derive(Default)]
struct Side<'a> {
    tally: Tally,
    passes: Vec<f64>,
    /// How each repetition ended, by its run.
    trials: BTreeMap<(&'a str, u32), Outcome>,
}

fn sides(runs: &[KeptRun]) -> BTreeMap<&CaseKey, Fared> {
    let mut sides: BTreeMap<&CaseKey, Side<'_>> = BTreeMap::new();
    for run in runs {
        for attempt in &run.attempts {
            let side = sides.entry(&*attempt.key).or_default();
            let trial = side.trials.entry((&run.id, attempt.round)).or_insert(attempt.outcome);
            *trial = min_by_key(*trial, attempt.outcome, |outcome| rank(*outcome));
            side.tally.count(attempt.outcome);
            if attempt.outcome == Outcome::Pass {
                side.passes.push(attempt.seconds);
            }
        }
    }
    sides.into_iter().map(|(key, side)| (key, side.fared())).collect()
}

impl Side<'_> {
    fn fared(self) -> Fared {
        let mut trials = Tally::default();
        for outcome in self.trials.values() {
            trials.count(*outcome);
        }
        Fared { tally: self.tally, trials, seconds: median(&self.passes) }
    }
}

/// What attempts at the same come to: the first of these that there is.
fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Pass => 1,
        Outcome::Inconclusive => 2,
        Outcome::Skip => 3,
    }
}

fn table(old: Tally, new: Tally) -> Table {
    Table { first: old.pass, first_not: old.fail, second: new.pass, second_not: new.fail }
}

/// Whether both sides say different things: another kind of end, or another pace.
fn differ(before: &Fared, after: &Fared) -> bool {
    let kinds = |tally: &Tally| {
        let Tally { pass, fail, inconclusive, skip } = tally;
        [pass, fail, inconclusive, skip].map(|count| *count > 0)
    };
    let pace = before.seconds.zip(after.seconds).is_some_and(|(old, new)| {
        let (factor, seconds) = PACE;
        (new - old).abs() >= seconds && (new > old * factor || old > new * factor)
    });
    kinds(&before.tally) != kinds(&after.tally) || pace
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Fail => &mut self.fail,
            Outcome::Inconclusive => &mut self.inconclusive,
            Outcome::Skip => &mut self.skip,
        };
        *count += 1;
    }

    /// The worst of what happened; absent where nothing did.
    #[must_use]
    pub fn worst(&self) -> Option<Outcome> {
        let counts = [
            (self.fail, Outcome::Fail),
            (self.inconclusive, Outcome::Inconclusive),
            (self.skip, Outcome::Skip),
            (self.pass, Outcome::Pass),
        ];
        counts.into_iter().find(|(count, _)| *count > 0).map(|(_, outcome)| outcome)
    }

    /// How many executions there are.
    #[must_use]
    pub fn all(&self) -> u32 {
        self.pass + self.fail + self.inconclusive + self.skip
    }
}
