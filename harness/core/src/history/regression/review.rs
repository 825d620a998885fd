//! The review of a run: its health, and what changed since earlier runs.

use serde::Serialize;

use super::change::{CaseChange, ChangeKind};
use super::health::Health;
use super::waiver::Waiver;
use crate::history::facts::FactChange;
use crate::history::model::RunName;

/// The result of comparing a run with earlier runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReview {
    /// The reviewed run.
    pub run: RunName,
    /// The number of comparable runs ([`Health::Sound`]) it was compared with.
    #[serde(rename = "against")]
    pub compared_runs: usize,
    /// The health of the run.
    pub health: Health,
    /// The environment facts that changed since the previous run.
    #[serde(rename = "changed")]
    pub changed_facts: Vec<FactChange>,
    /// The changes, the most important first, then by case.
    pub changes: Vec<CaseChange>,
    /// Expired waivers for regressions in this run.
    pub expired: Vec<Waiver>,
}

/// The result of a review. The variants are ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewResult {
    /// Nothing got worse.
    Steady,
    /// Too many cases are inconclusive.
    Inconclusive,
    /// Something got worse.
    Regressed,
}

impl RunReview {
    /// The result of the review.
    #[must_use]
    pub fn result(&self) -> ReviewResult {
        let has_common_failure = matches!(self.health, Health::CommonCause { failed: true, .. });
        if has_common_failure || self.changes.iter().any(CaseChange::is_regression) {
            ReviewResult::Regressed
        } else if self.health.is_sound() {
            ReviewResult::Steady
        } else {
            ReviewResult::Inconclusive
        }
    }

    /// The changes under each heading, the most important first; each with the kind of its first change.
    pub fn groups(&self) -> impl Iterator<Item = (&ChangeKind, &[CaseChange])> {
        let groups = self.changes.chunk_by(|one, next| one.kind.heading() == next.kind.heading());
        groups.filter_map(|group| Some((&group.first()?.kind, group)))
    }

    /// The number of changes with each label, the most important first.
    #[must_use]
    pub fn label_counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for label in self.changes.iter().map(|change| change.kind.label()) {
            match counts.iter_mut().find(|(known, _)| *known == label) {
                Some((_, count)) => *count += 1,
                None => counts.push((label, 1)),
            }
        }
        counts
    }
}

impl ReviewResult {
    /// The result in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Inconclusive => "inconclusive",
            Self::Regressed => "regressed",
        }
    }
}
