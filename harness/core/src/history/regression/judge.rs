//! Reviews a run: compares it with earlier runs.

use super::case_history::CaseHistory;
use super::case_run::{CaseResult, CaseRun, CaseRuns, case_runs};
use super::change::{CaseChange, ChangeKind};
use super::duration::duration_changes;
use super::health::{Health, explains, health_of_runs};
use super::missing::{missing, skipped};
use super::review::RunReview;
use super::rules::Rules;
use super::waiver::Waivers;
use crate::history::facts::changed_facts;
use crate::history::model::{CaseKey, CaseOutcome, HistoryRun};

/// Reviews the last of `runs`, which must be of one series and sorted by time. `None` without runs.
///
/// The changes are sorted by importance, then by case, so the same runs give the same review.
#[must_use]
pub fn review_run(runs: &[HistoryRun], waivers: &Waivers, rules: &Rules) -> Option<RunReview> {
    let reviewed = runs.last()?;
    let cases = case_runs(runs);
    let healths = health_of_runs(&cases, runs.len(), rules);
    let sound: Vec<_> = healths.iter().map(Health::is_sound).collect();
    let health = healths.last()?.clone();
    let compared_runs = sound[..runs.len() - 1].iter().filter(|sound| **sound).count();
    let context = ReviewContext { runs, rules, sound: &sound, health: &health, compared_runs };
    let before = runs.len().checked_sub(2).map(|before| &runs[before]);
    let mut review = RunReview {
        run: reviewed.name(),
        compared_runs,
        changed_facts: before.map(|before| changed_facts(&before.facts, &reviewed.facts)).unwrap_or_default(),
        changes: context.changes(&cases),
        expired: Vec::new(),
        health: health.clone(),
    };
    review.changes.sort_by(|one, other| (one.kind.rank(), &one.key).cmp(&(other.kind.rank(), &other.key)));
    waive(&mut review, waivers);
    Some(review)
}

/// The runs, and their health.
struct ReviewContext<'a> {
    runs: &'a [HistoryRun],
    rules: &'a Rules,
    /// For each run, whether it is sound.
    sound: &'a [bool],
    /// The health of the reviewed run.
    health: &'a Health,
    /// The number of sound runs before the reviewed one.
    compared_runs: usize,
}

impl ReviewContext<'_> {
    /// The index of the reviewed run.
    fn reviewed(&self) -> usize {
        self.runs.len() - 1
    }

    fn changes(&self, cases: &CaseRuns<'_>) -> Vec<CaseChange> {
        let mut changes = Vec::new();
        let mut timed = Vec::new();
        for (key, case_runs) in cases {
            let kinds = match case_runs.last() {
                Some(last) if last.run == self.reviewed() => {
                    let comparable = self.comparable(case_runs);
                    let kinds = self.changes_of_case(case_runs, &comparable, last);
                    timed.push((*key, comparable));
                    kinds
                }
                _ => self.changes_of_missing_case(case_runs),
            };
            let reason = case_runs.last().and_then(|last| last.reason);
            changes.extend(kinds.into_iter().map(|kind| change(key, kind, reason)));
        }
        changes.extend(self.duration_changes(&timed));
        changes
    }

    /// The runs of a case that are sound or the reviewed one, and have the latest revision of the claim.
    fn comparable<'a>(&self, case_runs: &'a [CaseRun<'a>]) -> Vec<&'a CaseRun<'a>> {
        let revision = case_runs.last().map(|last| last.revision);
        let counts = |run: &&CaseRun<'_>| self.sound[run.run] || run.run == self.reviewed();
        case_runs.iter().filter(|run| Some(run.revision) == revision).filter(counts).collect()
    }

    /// The changes of a case that the reviewed run has. `comparable` is a subset of `case_runs`; both end with `last`.
    fn changes_of_case(
        &self,
        case_runs: &[CaseRun<'_>],
        comparable: &[&CaseRun<'_>],
        last: &CaseRun<'_>,
    ) -> Vec<ChangeKind> {
        let before = &comparable[..comparable.len() - 1];
        let result = last.result();
        let outcome = if last.is_bad() { CaseOutcome::Fail } else { CaseOutcome::Inconclusive };
        let is_explained = matches!(result, CaseResult::Fail | CaseResult::Inconclusive)
            && explains(self.health, outcome, last.signature);
        if is_explained {
            return Vec::new();
        }
        let mut kinds = Vec::new();
        if before.is_empty() && self.compared_runs > 0 {
            let revised = case_runs.iter().any(|run| run.revision != last.revision);
            kinds.push(ChangeKind::New { revised });
        }
        // An interrupted run skips the cases that it did not start, which is not a change.
        if !(result == CaseResult::Skip && self.runs[self.reviewed()].interrupted.is_some()) {
            kinds.extend(skipped(result, before, self.runs));
        }
        let significant = comparable.iter().copied().filter(|run| run.is_significant()).collect();
        kinds.extend(CaseHistory { runs: self.runs, rules: self.rules, significant }.change(result));
        kinds
    }

    fn changes_of_missing_case(&self, case_runs: &[CaseRun<'_>]) -> Vec<ChangeKind> {
        if !self.health.is_sound() || self.runs[self.reviewed()].interrupted.is_some() {
            return Vec::new();
        }
        let sound_runs: Vec<_> = case_runs.iter().filter(|run| self.sound[run.run]).collect();
        missing(&sound_runs, self.runs, self.sound, self.rules).into_iter().collect()
    }

    /// The changes of durations. None if the reviewed run is not sound, because its problem may affect durations.
    fn duration_changes(&self, timed: &[(&CaseKey, Vec<&CaseRun<'_>>)]) -> Vec<CaseChange> {
        if !self.health.is_sound() {
            return Vec::new();
        }
        let cases: Vec<_> = timed.iter().map(|(_, case_runs)| case_runs.clone()).collect();
        let kinds = duration_changes(&cases, self.runs, self.rules);
        timed.iter().zip(kinds).filter_map(|((key, _), kind)| Some(change(key, kind?, None))).collect()
    }
}

fn change(key: &CaseKey, kind: ChangeKind, reason: Option<&str>) -> CaseChange {
    // The reason is from an earlier run if the case is missing.
    let reason = reason.filter(|_| !matches!(kind, ChangeKind::Missing { .. })).map(str::to_owned);
    CaseChange { key: key.clone(), kind, reason, waiver: None }
}

fn waive(review: &mut RunReview, waivers: &Waivers) {
    for change in &mut review.changes {
        let (valid, expired) = waivers.for_case(&change.key, review.run.started);
        match valid.first() {
            Some(waiver) => change.waiver = Some((*waiver).clone()),
            None if change.kind.is_regression() => {
                for waiver in expired {
                    if !review.expired.contains(waiver) {
                        review.expired.push(waiver.clone());
                    }
                }
            }
            None => {}
        }
    }
}
