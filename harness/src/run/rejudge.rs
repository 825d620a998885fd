//! Judging a run again from its files.

use std::path::Path;

use super::doubt::weighed;
use super::execute::evidence_folder;
use super::record::{CaseRecord, RunRecord};
use crate::cases;
use crate::evidence::read_evidence;
use crate::judge::Verdict;

/// The record of the run in `folder` with each verdict given anew from the evidence on disk.
///
/// A verdict that never rested on evidence (a skip, a stage that could not be opened) stays as it is; one whose
/// evidence is gone or damaged becomes inconclusive.
#[must_use]
pub fn judge_again(folder: &Path, record: &RunRecord) -> RunRecord {
    let cases = record.cases.iter().map(|case| {
        let verdict = verdict_again(folder, case).unwrap_or_else(|| case.verdict.clone());
        CaseRecord { verdict, ..case.clone() }
    });
    RunRecord { cases: cases.collect(), ..record.clone() }
}

fn verdict_again(folder: &Path, record: &CaseRecord) -> Option<Verdict> {
    let evidence = evidence_folder(folder, &record.slug);
    let rested_on_none = matches!(record.verdict, Verdict::Skip { .. } | Verdict::Inconclusive { .. });
    if rested_on_none && !evidence.exists() {
        return None;
    }
    let Some(case) = cases::find(&record.claim) else {
        return Some(Verdict::Inconclusive {
            reason: format!("this program has no case for {}", record.claim),
        });
    };
    Some(match read_evidence(&evidence) {
        Ok(evidence) => weighed(case.verdict(&evidence), record.doubt.as_deref()),
        Err(error) => Verdict::Inconclusive { reason: format!("the evidence cannot be read: {error}") },
    })
}
