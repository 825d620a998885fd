//! A sentence of the article as a JSON line, for programs.

use serde::Serialize;

use super::json::json_line;
use crate::judge::Verdict;
use crate::plan::{Bearing, ClaimId};
use crate::run::{Account, Side, Standing};

/// The format of the lines. A change that breaks readers raises it.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct SentenceLine<'a> {
    format: u32,
    id: &'a str,
    sentence: &'a str,
    bearing: Bearing,
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<Standing>,
    claims: Vec<ClaimLine<'a>>,
}

#[derive(Serialize)]
struct ClaimLine<'a> {
    id: &'a ClaimId,
    title: &'a str,
    side: Side,
    /// Absent where no run was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Answered<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answered<'a> {
    With(&'a Verdict),
    /// Written as null.
    NotRun,
}

/// What is known of a sentence as one line of JSON, with its line end. Only where a run was asked it has a `standing`,
/// and its claims a `verdict`, which is null where the run has none.
pub fn sentence_line(account: &Account<'_>) -> Result<String, serde_json::Error> {
    let Account { sentence, answers, standing } = account;
    let claims = answers.iter().map(|answer| ClaimLine {
        id: &answer.claim.id,
        title: &answer.claim.title,
        side: answer.side,
        verdict: standing.map(|_| answer.verdict().map_or(Answered::NotRun, Answered::With)),
    });
    json_line(&SentenceLine {
        format: FORMAT,
        id: &sentence.id,
        sentence: &sentence.sentence,
        bearing: sentence.bearing,
        note: sentence.note.as_deref(),
        standing: *standing,
        claims: claims.collect(),
    })
}
