//! Detects missing and skipped cases.

use super::case_run::{CaseResult, CaseRun};
use super::change::ChangeKind;
use super::rules::Rules;
use crate::history::model::HistoryRun;

/// The change of a case that the reviewed run does not have. `case_runs` are its sound runs.
pub(super) fn missing(
    case_runs: &[&CaseRun<'_>],
    runs: &[HistoryRun],
    sound: &[bool],
    rules: &Rules,
) -> Option<ChangeKind> {
    let last = case_runs.last()?.run;
    let missed = sound[last + 1..runs.len() - 1].iter().filter(|sound| **sound).count() + 1;
    (missed <= rules.missing_runs)
        .then(|| ChangeKind::Missing { last_present: runs[last].name(), runs: missed })
}

/// The change of a case that was skipped before or is skipped now. `before` are its earlier sound runs of the same
/// revision.
pub(super) fn skipped(
    result: CaseResult,
    before: &[&CaseRun<'_>],
    runs: &[HistoryRun],
) -> Option<ChangeKind> {
    let last = before.iter().rev().find(|run| run.result() != CaseResult::Inconclusive)?;
    match (last.result(), result) {
        (CaseResult::Skip, CaseResult::Skip | CaseResult::Inconclusive) => None,
        (CaseResult::Skip, _) => Some(ChangeKind::NoLongerSkipped),
        (_, CaseResult::Skip) => Some(ChangeKind::NewlySkipped { last_run: runs[last.run].name() }),
        _ => None,
    }
}
