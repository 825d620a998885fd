//! Runs against runs: two clusters, two versions, before and after.

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
    /// How often it ended how.
    pub tally: Tally,
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
    /// How likely chance makes the shares of passes differ so, by Fisher's exact test, adjusted for all cases.
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
    let common: Vec<_> = old.iter().filter_map(|(key, old)| Some((*key, old, new.get(key)?))).collect();
    let p: Vec<_> =
        common.iter().map(|(_, old, new)| fisher(table(&old.trials, &new.trials)).two_sided).collect();
    let both = common.iter().zip(adjusted(&p)).map(|((key, before, after), p)| {
        let (before, after) = (before.fared, after.fared);
        let difference =
            Difference { key: (*key).clone(), before: Some(before), after: Some(after), p: Some(p) };
        (differ(&before, &after) || p <= APART).then_some(difference)
    });
    let only = |side: &Sides<'_>, other: &Sides<'_>| {
        let only = side.iter().filter(|(key, _)| !other.contains_key(*key));
        only.map(|(key, side)| ((*key).clone(), side.fared)).collect::<Vec<_>>()
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

/// One case on one side, and what chance is reckoned with.
#[derive(Default)]
struct Side<'a> {
    fared: Fared,
    passes: Vec<f64>,
    /// The worst end of each repetition: what is tried again because it failed is no trial of its own.
    trials: BTreeMap<(&'a str, u32), Outcome>,
}

type Sides<'a> = BTreeMap<&'a CaseKey, Side<'a>>;

fn sides(runs: &[KeptRun]) -> Sides<'_> {
    let mut sides = Sides::new();
    for run in runs {
        for attempt in &run.attempts {
            let side = sides.entry(&*attempt.key).or_default();
            let trial = side.trials.entry((&run.id, attempt.round)).or_insert(attempt.outcome);
            *trial = attempt.outcome.max(*trial);
            side.fared.tally.count(attempt.outcome);
            if attempt.outcome == Outcome::Pass {
                side.passes.push(attempt.seconds);
            }
        }
    }
    for side in sides.values_mut() {
        side.fared.seconds = median(&side.passes);
    }
    sides
}

fn table(old: &BTreeMap<(&str, u32), Outcome>, new: &BTreeMap<(&str, u32), Outcome>) -> Table {
    let tally = |trials: &BTreeMap<_, Outcome>| {
        let mut tally = Tally::default();
        for outcome in trials.values() {
            tally.count(*outcome);
        }
        tally
    };
    let (old, new) = (tally(old), tally(new));
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
