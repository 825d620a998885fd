//! The health of a run: whether it can be compared with other runs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::case_run::{CaseResult, CaseRuns};
use super::rules::Rules;
use crate::history::model::CaseOutcome;

/// Whether a run is sound or has a problem that affects many cases. Only sound runs are compared with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "health", rename_all = "kebab-case")]
pub enum Health {
    /// The run can be compared.
    Sound,
    /// Too many cases are inconclusive.
    Inconclusive {
        /// The number of affected cases.
        cases: usize,
        /// The number of cases that were not skipped.
        of: usize,
    },
    /// Too many cases failed or are inconclusive with the same signature, which suggests a single cause.
    #[serde(rename = "one-cause")]
    CommonCause {
        /// The number of affected cases.
        cases: usize,
        /// The number of cases that were not skipped.
        of: usize,
        /// The common signature.
        signature: String,
        /// True if any of them failed; false if all are inconclusive.
        failed: bool,
    },
}

impl Health {
    /// Returns whether the run can be compared with others.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        *self == Self::Sound
    }
}

#[derive(Clone, Default)]
struct HealthCounts<'a> {
    /// Cases that were not skipped.
    run: usize,
    inconclusive: usize,
    /// The number of cases with each signature, and whether any of them failed.
    by_signature: BTreeMap<&'a str, (usize, bool)>,
}

/// The health of each run. `runs` is the number of runs.
pub(super) fn health_of_runs(cases: &CaseRuns<'_>, runs: usize, rules: &Rules) -> Vec<Health> {
    let mut counts = vec![HealthCounts::default(); runs];
    for case_run in cases.values().flatten() {
        let counts = &mut counts[case_run.run];
        let result = case_run.result();
        counts.run += usize::from(result != CaseResult::Skip);
        counts.inconclusive += usize::from(result == CaseResult::Inconclusive);
        if let (Some(signature), CaseResult::Fail | CaseResult::Inconclusive) = (case_run.signature, result) {
            let (cases, failed) = counts.by_signature.entry(signature).or_default();
            *cases += 1;
            *failed |= result == CaseResult::Fail;
        }
    }
    counts.iter().map(|counts| health(counts, rules)).collect()
}

fn health(counts: &HealthCounts<'_>, rules: &Rules) -> Health {
    let of = counts.run;
    let too_many = |cases: usize| cases >= rules.infra_cases && float(cases) > rules.infra_share * float(of);
    let most_common = counts.by_signature.iter().max_by_key(|(_, (cases, _))| *cases);
    match most_common {
        Some((signature, (cases, failed))) if too_many(*cases) => {
            Health::CommonCause { cases: *cases, of, signature: (*signature).to_owned(), failed: *failed }
        }
        _ if too_many(counts.inconclusive) => Health::Inconclusive { cases: counts.inconclusive, of },
        _ => Health::Sound,
    }
}

/// Returns whether the problem of the run explains this outcome of a case.
pub(super) fn explains(health: &Health, outcome: CaseOutcome, signature: Option<&str>) -> bool {
    match health {
        Health::Sound => false,
        Health::Inconclusive { .. } => outcome == CaseOutcome::Inconclusive,
        Health::CommonCause { signature: shared, .. } => {
            outcome == CaseOutcome::Inconclusive || signature == Some(shared.as_str())
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many cases")]
fn float(count: usize) -> f64 {
    count as f64
}
