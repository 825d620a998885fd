//! What a run says of the article's sentences.

use serde::Serialize;

use super::record::{CaseRecord, RunRecord};
use crate::judge::Verdict;
use crate::plan::{Article, Bearing, Catalogue, Claim, ClaimId, Sentence};

/// How a sentence stands after a run.
///
/// A claim that was skipped, or that the run did not select, says nothing of its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A claim passed that bears the sentence out, and no claim of it failed or was inconclusive.
    Confirmed,
    /// A claim passed that shows where the sentence is imprecise, and no claim of it failed or was inconclusive.
    ShownImprecise,
    /// A claim passed that shows that the sentence is wrong, and no claim of it failed or was inconclusive.
    ShownWrong,
    /// A claim failed that bears the sentence out: the cluster does otherwise than the article says.
    Contradicted,
    /// A claim failed that shows the sentence imprecise or wrong: the cluster does otherwise than the note says.
    NoteContradicted,
    /// A claim was inconclusive, or none passed that shows where the sentence is imprecise or wrong.
    Untold,
    /// No claim of it was run: each was skipped or not selected.
    NotAsked,
}

/// On which side of a sentence a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// It bears the sentence out.
    For,
    /// It shows where the sentence is imprecise or wrong.
    Against,
}

/// What is known of one sentence.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// The sentence.
    pub sentence: &'a Sentence,
    /// Its claims: those for it, then those against it.
    pub answers: Vec<Answer<'a>>,
    /// How it stands; absent where no run was asked, or where no claim bears on it.
    pub standing: Option<Standing>,
}

/// What one claim says of its sentence.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// On which side it stands.
    pub side: Side,
    /// The execution with its worst verdict, mutants apart; absent where the run has none.
    pub case: Option<&'a CaseRecord>,
}

impl Standing {
    /// How a sentence stands, given the worst verdict of each of its claims.
    #[must_use]
    pub fn of(bearing: Bearing, verdicts: &[(Side, Option<&Verdict>)]) -> Self {
        let any = |fits: &dyn Fn(Side, &Verdict) -> bool| {
            verdicts.iter().any(|(side, verdict)| verdict.is_some_and(|verdict| fits(*side, verdict)))
        };
        let failed = |on: Side| any(&|side, verdict| side == on && matches!(verdict, Verdict::Fail { .. }));
        if failed(Side::For) {
            Self::Contradicted
        } else if failed(Side::Against) {
            Self::NoteContradicted
        } else if any(&|_, verdict| matches!(verdict, Verdict::Inconclusive { .. })) {
            Self::Untold
        } else if !any(&|_, verdict| verdict.is_pass()) {
            Self::NotAsked
        } else {
            let shown = any(&|side, verdict| side == Side::Against && verdict.is_pass());
            match bearing {
                Bearing::True | Bearing::Framing => Self::Confirmed,
                Bearing::Imprecise if shown => Self::ShownImprecise,
                Bearing::Wrong if shown => Self::ShownWrong,
                Bearing::Imprecise | Bearing::Wrong => Self::Untold,
            }
        }
    }

    /// The standing in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::ShownImprecise => "shown imprecise",
            Self::ShownWrong => "shown wrong",
            Self::Contradicted => "contradicted",
            Self::NoteContradicted => "note contradicted",
            Self::Untold => "could not be told",
            Self::NotAsked => "not asked",
        }
    }
}

impl Answer<'_> {
    /// The claim's worst verdict, where the run has one.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.case.map(|case| &case.verdict)
    }
}

/// Each sentence of the article with its claims, and what `record` says of them, where there is one.
#[must_use]
pub fn accounts<'a>(
    article: &'a Article,
    catalogue: &'a Catalogue,
    record: Option<&'a RunRecord>,
) -> Vec<Account<'a>> {
    article.sentences().iter().map(|sentence| account(sentence, catalogue, record)).collect()
}

fn account<'a>(
    sentence: &'a Sentence,
    catalogue: &'a Catalogue,
    record: Option<&'a RunRecord>,
) -> Account<'a> {
    let on_for = sentence.claims.iter().map(|id| (Side::For, id));
    let on_against = sentence.against.iter().map(|id| (Side::Against, id));
    let answers: Vec<_> = on_for
        .chain(on_against)
        .filter_map(|(side, id)| {
            let claim = catalogue.claim(id)?;
            Some(Answer { claim, side, case: record.and_then(|record| worst(record, id)) })
        })
        .collect();
    let verdicts: Vec<_> = answers.iter().map(|answer| (answer.side, answer.verdict())).collect();
    let asked = record.is_some() && !answers.is_empty();
    let standing = asked.then(|| Standing::of(sentence.bearing, &verdicts));
    Account { sentence, answers, standing }
}

/// The execution of the claim's case with the worst verdict; under a mutant it says nothing of the claim.
fn worst<'a>(record: &'a RunRecord, id: &ClaimId) -> Option<&'a CaseRecord> {
    let of_claim = record.cases.iter().filter(|case| case.claim == *id && case.mutant.is_none());
    of_claim.max_by(|one, other| one.verdict.cmp(&other.verdict))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Side, Standing};
    use crate::judge::Verdict;
    use crate::plan::Bearing::{self, Framing, Imprecise, True, Wrong};

    /// One claim: `+` or `-` for its side, and the first letter of its verdict; `n` where it was not run.
    fn verdict(told: &str) -> (Side, Option<Verdict>) {
        let side = if told.starts_with('-') { Side::Against } else { Side::For };
        let reason = String::new;
        let verdict = match &told[1..] {
            "p" => Some(Verdict::Pass),
            "s" => Some(Verdict::Skip { reason: reason() }),
            "i" => Some(Verdict::Inconclusive { reason: reason() }),
            "f" => Some(Verdict::Fail { findings: Vec::new() }),
            _ => None,
        };
        (side, verdict)
    }

    #[rstest]
    #[case::all_pass(True, "+p +p", Standing::Confirmed)]
    #[case::what_was_not_run_says_nothing(True, "+p +n +s", Standing::Confirmed)]
    #[case::one_fails(True, "+p +f +i", Standing::Contradicted)]
    #[case::one_is_inconclusive(True, "+p +i", Standing::Untold)]
    #[case::not_selected(True, "+n +n", Standing::NotAsked)]
    #[case::skipped(True, "+s +n", Standing::NotAsked)]
    #[case::framing(Framing, "+p", Standing::Confirmed)]
    #[case::framing_fails(Framing, "+f", Standing::Contradicted)]
    #[case::framing_without_claims(Framing, "", Standing::NotAsked)]
    #[case::imprecise(Imprecise, "+p -p", Standing::ShownImprecise)]
    #[case::imprecise_in_part(Imprecise, "+n -p -s", Standing::ShownImprecise)]
    #[case::nothing_shows_where(Imprecise, "+p", Standing::Untold)]
    #[case::what_shows_where_was_not_run(Imprecise, "+p -n", Standing::Untold)]
    #[case::what_shows_where_was_skipped(Imprecise, "+p -s", Standing::Untold)]
    #[case::imprecise_not_run(Imprecise, "+n -n", Standing::NotAsked)]
    #[case::imprecise_inconclusive(Imprecise, "+i -p", Standing::Untold)]
    #[case::imprecise_contradicted(Imprecise, "+f -f", Standing::Contradicted)]
    #[case::imprecise_note_contradicted(Imprecise, "+p -f", Standing::NoteContradicted)]
    #[case::wrong(Wrong, "-p -p", Standing::ShownWrong)]
    #[case::wrong_note_contradicted(Wrong, "-p -f", Standing::NoteContradicted)]
    #[case::wrong_inconclusive(Wrong, "-p -i", Standing::Untold)]
    #[case::wrong_not_run(Wrong, "-n -s", Standing::NotAsked)]
    fn a_sentence_stands_as_its_claims_say(
        #[case] bearing: Bearing,
        #[case] told: &str,
        #[case] expected: Standing,
    ) {
        let verdicts: Vec<_> = told.split_whitespace().map(verdict).collect();
        let verdicts: Vec<_> = verdicts.iter().map(|(side, verdict)| (*side, verdict.as_ref())).collect();
        assert_eq!(Standing::of(bearing, &verdicts), expected);
    }
}
