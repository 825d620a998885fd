//! The results of a run for the article's sentences.

use serde::Serialize;

use super::run_record::{CaseRecord, RunRecord};
use crate::judge::Verdict;
use crate::plan::{Article, Bearing, ClaimId, Sentence};

/// The result for one sentence of the article.
///
/// A claim that was skipped or not selected has no influence on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentenceResult {
    /// A supporting claim passed, and no claim of the sentence failed or was inconclusive.
    Confirmed,
    /// A claim that shows where the sentence is imprecise passed, and none failed or was inconclusive.
    ShownImprecise,
    /// A claim that shows that the sentence is wrong passed, and none failed or was inconclusive.
    ShownWrong,
    /// A supporting claim failed: the cluster does not behave as the article says.
    Contradicted,
    /// An opposing claim failed: the cluster does not behave as the note on the sentence says.
    NoteContradicted,
    /// A claim was inconclusive, or the sentence is imprecise or wrong and no claim showed that.
    Inconclusive,
    /// No claim of the sentence was run.
    NotChecked,
}

/// The relation of a claim to its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimSide {
    /// It supports the sentence.
    For,
    /// It shows that the sentence is imprecise or wrong.
    Against,
}

/// The result for one sentence, with its claims.
#[derive(Clone, Debug)]
pub struct SentenceReport<'a> {
    /// The sentence of the article.
    pub sentence: &'a Sentence,
    /// Its claims: first those for it, then those against it.
    pub answers: Vec<ClaimResult<'a>>,
    /// The result; `None` without a run or without claims.
    pub result: Option<SentenceResult>,
}

/// The result for one claim of a sentence.
#[derive(Clone, Copy, Debug)]
pub struct ClaimResult<'a> {
    /// The claim's ID.
    pub id: &'a ClaimId,
    /// The claim's title.
    pub title: &'a str,
    /// Whether no real cluster has proved its case yet.
    pub unproved: bool,
    /// Its relation to the sentence.
    pub side: ClaimSide,
    /// The execution with the worst verdict, not counting mutants; `None` if the run has none.
    pub case: Option<&'a CaseRecord>,
}

impl SentenceResult {
    /// The result for a sentence, given the worst verdict of each of its claims.
    #[must_use]
    pub fn of(bearing: Bearing, verdicts: &[(ClaimSide, Option<&Verdict>)]) -> Self {
        let any = |fits: &dyn Fn(ClaimSide, &Verdict) -> bool| {
            verdicts.iter().any(|(side, verdict)| verdict.is_some_and(|verdict| fits(*side, verdict)))
        };
        let failed =
            |on: ClaimSide| any(&|side, verdict| side == on && matches!(verdict, Verdict::Fail { .. }));
        if failed(ClaimSide::For) {
            Self::Contradicted
        } else if failed(ClaimSide::Against) {
            Self::NoteContradicted
        } else if any(&|_, verdict| matches!(verdict, Verdict::Inconclusive { .. })) {
            Self::Inconclusive
        } else if !any(&|_, verdict| verdict.is_pass()) {
            Self::NotChecked
        } else {
            let shown = any(&|side, verdict| side == ClaimSide::Against && verdict.is_pass());
            match bearing {
                Bearing::True | Bearing::Framing => Self::Confirmed,
                Bearing::Imprecise if shown => Self::ShownImprecise,
                Bearing::Wrong if shown => Self::ShownWrong,
                Bearing::Imprecise | Bearing::Wrong => Self::Inconclusive,
            }
        }
    }

    /// The result in words for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::ShownImprecise => "shown imprecise",
            Self::ShownWrong => "shown wrong",
            Self::Contradicted => "contradicted",
            Self::NoteContradicted => "note contradicted",
            Self::Inconclusive => "inconclusive",
            Self::NotChecked => "not checked",
        }
    }
}

impl ClaimResult<'_> {
    /// The claim's worst verdict; `None` if the run did not execute it.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.case.map(|case| &case.verdict)
    }
}

/// All sentences of the article with their claims and, if there is a `record`, their results.
#[must_use]
pub fn sentence_reports<'a>(article: &'a Article, record: Option<&'a RunRecord>) -> Vec<SentenceReport<'a>> {
    article.sentences().iter().map(|sentence| sentence_report(sentence, article, record)).collect()
}

fn sentence_report<'a>(
    sentence: &'a Sentence,
    article: &'a Article,
    record: Option<&'a RunRecord>,
) -> SentenceReport<'a> {
    let on_for = sentence.claims.iter().map(|id| (ClaimSide::For, id));
    let on_against = sentence.against.iter().map(|id| (ClaimSide::Against, id));
    let answers: Vec<_> = on_for
        .chain(on_against)
        .map(|(side, id)| {
            let (title, unproved) =
                article.claim(id).map_or(("", false), |claim| (&claim.title, claim.unproved));
            ClaimResult { id, title, unproved, side, case: record.and_then(|record| worst(record, id)) }
        })
        .collect();
    let verdicts: Vec<_> = answers.iter().map(|answer| (answer.side, answer.verdict())).collect();
    let asked = record.is_some() && !answers.is_empty();
    let result = asked.then(|| SentenceResult::of(sentence.bearing, &verdicts));
    SentenceReport { sentence, answers, result }
}

/// The execution of the claim's case with the worst verdict. Executions under a mutant say nothing about the claim.
fn worst<'a>(record: &'a RunRecord, id: &ClaimId) -> Option<&'a CaseRecord> {
    let of_claim = record.cases.iter().filter(|case| case.claim == *id && case.mutant.is_none());
    of_claim.max_by(|one, other| one.verdict.cmp(&other.verdict))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ClaimSide, SentenceResult};
    use crate::judge::Verdict;
    use crate::plan::Bearing::{self, Framing, Imprecise, True, Wrong};

    /// One claim: `+` or `-` for its side, and the first letter of its verdict; `n` if it was not run.
    fn verdict(text: &str) -> (ClaimSide, Option<Verdict>) {
        let side = if text.starts_with('-') { ClaimSide::Against } else { ClaimSide::For };
        let reason = String::new;
        let verdict = match &text[1..] {
            "p" => Some(Verdict::Pass),
            "s" => Some(Verdict::Skip { reason: reason() }),
            "i" => Some(Verdict::Inconclusive { reason: reason() }),
            "f" => Some(Verdict::Fail { findings: Vec::new() }),
            _ => None,
        };
        (side, verdict)
    }

    #[rstest]
    #[case::all_pass(True, "+p +p", SentenceResult::Confirmed)]
    #[case::claims_that_were_not_run_are_ignored(True, "+p +n +s", SentenceResult::Confirmed)]
    #[case::one_fails(True, "+p +f +i", SentenceResult::Contradicted)]
    #[case::one_is_inconclusive(True, "+p +i", SentenceResult::Inconclusive)]
    #[case::not_selected(True, "+n +n", SentenceResult::NotChecked)]
    #[case::skipped(True, "+s +n", SentenceResult::NotChecked)]
    #[case::framing(Framing, "+p", SentenceResult::Confirmed)]
    #[case::framing_fails(Framing, "+f", SentenceResult::Contradicted)]
    #[case::framing_without_claims(Framing, "", SentenceResult::NotChecked)]
    #[case::imprecise(Imprecise, "+p -p", SentenceResult::ShownImprecise)]
    #[case::imprecise_in_part(Imprecise, "+n -p -s", SentenceResult::ShownImprecise)]
    #[case::without_an_opposing_claim(Imprecise, "+p", SentenceResult::Inconclusive)]
    #[case::opposing_claim_not_run(Imprecise, "+p -n", SentenceResult::Inconclusive)]
    #[case::opposing_claim_skipped(Imprecise, "+p -s", SentenceResult::Inconclusive)]
    #[case::imprecise_not_run(Imprecise, "+n -n", SentenceResult::NotChecked)]
    #[case::imprecise_inconclusive(Imprecise, "+i -p", SentenceResult::Inconclusive)]
    #[case::imprecise_contradicted(Imprecise, "+f -f", SentenceResult::Contradicted)]
    #[case::imprecise_note_contradicted(Imprecise, "+p -f", SentenceResult::NoteContradicted)]
    #[case::wrong(Wrong, "-p -p", SentenceResult::ShownWrong)]
    #[case::wrong_note_contradicted(Wrong, "-p -f", SentenceResult::NoteContradicted)]
    #[case::wrong_inconclusive(Wrong, "-p -i", SentenceResult::Inconclusive)]
    #[case::wrong_not_run(Wrong, "-n -s", SentenceResult::NotChecked)]
    fn the_verdicts_of_the_claims_decide_about_the_sentence(
        #[case] bearing: Bearing,
        #[case] text: &str,
        #[case] expected: SentenceResult,
    ) {
        let verdicts: Vec<_> = text.split_whitespace().map(verdict).collect();
        let verdicts: Vec<_> = verdicts.iter().map(|(side, verdict)| (*side, verdict.as_ref())).collect();
        assert_eq!(SentenceResult::of(bearing, &verdicts), expected);
    }
}
