//! Whether a run as a whole says something.

use std::collections::BTreeMap;

use serde::Serialize;

use super::night::{Courses, Ended};
use super::rules::Rules;
use crate::history::kept::Outcome;

/// Whether a run can be compared with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "health", rename_all = "kebab-case")]
pub enum Health {
    /// It can.
    Sound,
    /// Too much of it could not be told.
    Untold {
        /// How many cases.
        cases: usize,
        /// Of how many that were not skipped.
        of: usize,
    },
    /// Too much of it failed, or could not be told, alike: one cause, not many.
    OneCause {
        /// How many cases.
        cases: usize,
        /// Of how many that were not skipped.
        of: usize,
        /// What they have in common.
        signature: String,
        /// Whether cases failed of it, and it is not only that they could not be told.
        failed: bool,
    },
}

impl Health {
    /// Whether the run can be compared with others.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        *self == Self::Sound
    }
}

#[derive(Clone, Default)]
struct Tally<'a> {
    asked: usize,
    untold: usize,
    alike: BTreeMap<&'a str, (usize, bool)>,
}

/// The health of each of `runs` runs.
pub(super) fn healths(courses: &Courses<'_>, runs: usize, rules: &Rules) -> Vec<Health> {
    let mut tallies = vec![Tally::default(); runs];
    for night in courses.values().flatten() {
        let tally = &mut tallies[night.run];
        let ended = night.ended();
        tally.asked += usize::from(ended != Ended::Skip);
        tally.untold += usize::from(ended == Ended::Inconclusive);
        if let (Some(signature), Ended::Fail | Ended::Inconclusive) = (night.signature, ended) {
            let (cases, failed) = tally.alike.entry(signature).or_default();
            *cases += 1;
            *failed |= ended == Ended::Fail;
        }
    }
    tallies.iter().map(|tally| health(tally, rules)).collect()
}

fn health(tally: &Tally<'_>, rules: &Rules) -> Health {
    let of = tally.asked;
    let too_many = |cases: usize| cases >= rules.infra_cases && float(cases) > rules.infra_share * float(of);
    let alike = tally.alike.iter().max_by_key(|(_, (cases, _))| *cases);
    match alike {
        Some((signature, (cases, failed))) if too_many(*cases) => {
            Health::OneCause { cases: *cases, of, signature: (*signature).to_owned(), failed: *failed }
        }
        _ if too_many(tally.untold) => Health::Untold { cases: tally.untold, of },
        _ => Health::Sound,
    }
}

/// Whether what a case did belongs to what marks the run.
pub(super) fn is_part(health: &Health, outcome: Outcome, signature: Option<&str>) -> bool {
    match health {
        Health::Sound => false,
        Health::Untold { .. } => outcome == Outcome::Inconclusive,
        Health::OneCause { signature: shared, .. } => {
            outcome == Outcome::Inconclusive || signature == Some(shared.as_str())
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many cases")]
fn float(count: usize) -> f64 {
    count as f64
}
