//! Judging a run again from its files.

use std::path::Path;

use jiff::SignedDuration;

use super::attempt::Attempt;
use super::doubt::{unproved, weighed};
use super::event::{Event, Told};
use super::execute::evidence_folder;
use super::outcome::Outcome;
use super::record::{CaseRecord, RunRecord};
use crate::cases;
use crate::evidence::{Evidence, has_evidence, read_evidence};
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
    // Where the run was killed, there may be a part of it.
    if rested_on_none && !has_evidence(&evidence) {
        return recorded.clone();
    }
    let claim = &case.claim;
    let Some(known) = cases::find(claim) else {
        return Verdict::Inconclusive { reason: format!("this program has no case for {claim}") };
    };
    match read_evidence(&evidence) {
        Ok(evidence) if !is_of(&evidence, case) => Verdict::Inconclusive { reason: of_another(&evidence) },
        Ok(evidence) => weighed(known.verdict(&evidence), doubt),
        Err(error) => Verdict::Inconclusive { reason: format!("the evidence cannot be read: {error}") },
    }
}

fn is_of(evidence: &Evidence, case: &CaseRecord) -> bool {
    let mutant = case.mutant.as_ref().map(|mutant| &mutant.name);
    evidence.claim == case.claim && evidence.mutant.as_ref() == mutant
}

/// What another claim's evidence says is no answer to this one.
fn of_another(Evidence { claim, mutant, .. }: &Evidence) -> String {
    match mutant {
        Some(mutant) => format!("the evidence is of claim {claim} under the mutant {mutant}"),
        None => format!("the evidence is of claim {claim}"),
    }
}

/// The verdicts of a record as the events that a run makes of them, each at the time when the case ended.
#[must_use]
pub fn verdict_events(record: &RunRecord) -> Vec<Told> {
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
    events.push(Event::RunFinished { outcome: Outcome::of(record) }.at(record.ended));
    events
}
