//! Judging a recorded run again from its files.

use std::path::Path;

use jiff::SignedDuration;

use super::uncertainty::{downgrade_fail, unproved};
use crate::cases;
use podproof_core::evidence::{Evidence, has_evidence, read_evidence};
use podproof_core::judge::Verdict;
use podproof_core::record::{Attempt, CaseRecord, Event, RunOutcome, RunRecord, TimedEvent, evidence_folder};

/// Returns the record of the run in `folder` with every verdict, also that of each attempt, derived again from the
/// stored evidence.
///
/// A verdict that was not based on evidence (a skip, a stage that could not be opened) stays unchanged. If the evidence
/// is missing or damaged, the verdict becomes inconclusive.
#[must_use]
pub fn judge_again(folder: &Path, record: &RunRecord) -> RunRecord {
    let cases = record.cases.iter().map(|case| {
        // Records of older versions do not include the reason `unproved` in this field.
        let why = case.unproved.as_deref().filter(|_| case.mutant.is_none());
        let uncertainty = case.doubt.clone().or_else(|| unproved(why, &record.cluster));
        judge_case_again(folder, case, uncertainty.as_deref())
    });
    RunRecord { cases: cases.collect(), ..record.clone() }.discount_after_cluster_change()
}

fn judge_case_again(folder: &Path, case: &CaseRecord, uncertainty: Option<&str>) -> CaseRecord {
    if case.attempts.is_empty() {
        let verdict = judge_evidence_again(folder, case, uncertainty, (&case.slug, &case.verdict));
        return CaseRecord { verdict, ..case.clone() };
    }
    let judged = case.attempts.iter().map(|attempt| Attempt {
        verdict: judge_evidence_again(folder, case, uncertainty, (&attempt.slug, &attempt.verdict)),
        ..attempt.clone()
    });
    case.with_attempts(judged.collect())
}

fn judge_evidence_again(
    folder: &Path,
    case: &CaseRecord,
    uncertainty: Option<&str>,
    (slug, recorded): (&str, &Verdict),
) -> Verdict {
    let evidence = evidence_folder(folder, slug);
    let had_no_verdict = matches!(recorded, Verdict::Skip { .. } | Verdict::Inconclusive { .. });
    // A run that was killed may have left part of the evidence.
    if had_no_verdict && !has_evidence(&evidence) {
        return recorded.clone();
    }
    let claim = &case.claim;
    let Some(known) = cases::find(claim) else {
        return Verdict::Inconclusive { reason: format!("this program has no case for {claim}") };
    };
    match read_evidence(&evidence) {
        Ok(evidence) if !belongs_to(&evidence, case) => {
            Verdict::Inconclusive { reason: wrong_evidence(&evidence) }
        }
        Ok(evidence) => downgrade_fail(known.verdict(&evidence), uncertainty),
        Err(error) => Verdict::Inconclusive { reason: format!("the evidence cannot be read: {error}") },
    }
}

fn belongs_to(evidence: &Evidence, case: &CaseRecord) -> bool {
    let mutant = case.mutant.as_ref().map(|mutant| &mutant.name);
    evidence.claim == case.claim && evidence.mutant.as_ref() == mutant
}

/// The reason why the evidence of another claim or mutant cannot be judged.
fn wrong_evidence(Evidence { claim, mutant, .. }: &Evidence) -> String {
    match mutant {
        Some(mutant) => format!("the evidence is of claim {claim} under the mutant {mutant}"),
        None => format!("the evidence is of claim {claim}"),
    }
}

/// The events that the recorded run would have sent. Each verdict gets the time at which its case ended.
#[must_use]
pub fn verdict_events(record: &RunRecord) -> Vec<TimedEvent> {
    let begun = Event::RunStarted {
        run: record.run.clone(),
        purpose: record.purpose,
        planned: record.cases.len(),
        parallel: record.parallel,
        cluster: record.cluster.clone(),
    };
    let ended = |(index, case): (usize, &CaseRecord)| {
        let took = SignedDuration::try_from_secs_f64(case.seconds).unwrap_or_default();
        let at = case.started.checked_add(took).unwrap_or(case.started);
        Event::CaseFinished { index, case: Box::new(case.clone()) }.at(at)
    };
    let mut events = vec![begun.at(record.started)];
    events.extend(record.cases.iter().enumerate().map(ended));
    events.push(Event::RunFinished { outcome: RunOutcome::of(record) }.at(record.ended));
    events
}
