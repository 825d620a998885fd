//! Judging a run again from its files.

use std::path::Path;

use super::attempt::Attempt;
use super::doubt::{unproved, weighed};
use super::execute::evidence_folder;
use super::record::{CaseRecord, RunRecord};
use crate::cases;
use crate::evidence::read_evidence;
use crate::judge::Verdict;

/// The record of the run in `folder` with each verdict given anew from the evidence on disk, that of every attempt too.
///
/// A verdict that never rested on evidence (a skip, a stage that could not be opened) stays as it is; one whose
/// evidence is gone or damaged becomes inconclusive.
#[must_use]
pub fn judge_again(folder: &Path, record: &RunRecord) -> RunRecord {
    let cases = record.cases.iter().map(|case| {
        // Records of older programs do not have it among the doubts.
        let why = case.unproved.as_deref().filter(|_| case.mutant.is_none());
        let doubt = case.doubt.clone().or_else(|| unproved(why, &record.cluster));
        case_again(folder, case, doubt.as_deref())
    });
    RunRecord { cases: cases.collect(), ..record.clone() }.of_one_cluster()
}

fn case_again(folder: &Path, case: &CaseRecord, doubt: Option<&str>) -> CaseRecord {
    if case.attempts.is_empty() {
        let verdict = verdict_again(folder, case, doubt, (&case.slug, &case.verdict));
        return CaseRecord { verdict, ..case.clone() };
    }
    let judged = case.attempts.iter().map(|attempt| Attempt {
        verdict: verdict_again(folder, case, doubt, (&attempt.slug, &attempt.verdict)),
        ..attempt.clone()
    });
    case.with_attempts(judged.collect())
}

fn verdict_again(
    folder: &Path,
    case: &CaseRecord,
    doubt: Option<&str>,
    (slug, recorded): (&str, &Verdict),
) -> Verdict {
    let evidence = evidence_folder(folder, slug);
    let rested_on_none = matches!(recorded, Verdict::Skip { .. } | Verdict::Inconclusive { .. });
    if rested_on_none && !evidence.exists() {
        return recorded.clone();
    }
    let claim = &case.claim;
    let Some(known) = cases::find(claim) else {
        return Verdict::Inconclusive { reason: format!("this program has no case for {claim}") };
    };
    match read_evidence(&evidence) {
        Ok(evidence) => weighed(known.verdict(&evidence), doubt),
        Err(error) => Verdict::Inconclusive { reason: format!("the evidence cannot be read: {error}") },
    }
}
