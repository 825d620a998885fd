//! The sentences of the article as JSON lines.

use serde::Serialize;

use super::json::json_line;
use crate::judge::Verdict;
use crate::plan::{Bearing, ClaimId};
use crate::record::{ClaimSide, SentenceReport, SentenceResult};

/// The version of the line format. Incompatible changes increase it.
const FORMAT: u32 = 2;

#[derive(Serialize)]
struct SentenceLine<'a> {
    format: u32,
    id: &'a str,
    sentence: &'a str,
    bearing: Bearing,
    note: Option<&'a str>,
    #[serde(rename = "standing", skip_serializing_if = "Option::is_none")]
    result: Option<SentenceResult>,
    claims: Vec<ClaimLine<'a>>,
}

#[derive(Serialize)]
struct ClaimLine<'a> {
    id: &'a ClaimId,
    title: &'a str,
    side: ClaimSide,
    /// Absent without a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<ClaimVerdict<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ClaimVerdict<'a> {
    Run(&'a Verdict),
    /// Serialized as null.
    NotRun,
}

/// Renders a sentence as one line of JSON, with its line end. The sentence has `standing` and its claims have `verdict`
/// only if the report is for a run; `verdict` is null for a claim that was not run.
pub fn sentence_line(report: &SentenceReport<'_>) -> Result<String, serde_json::Error> {
    let SentenceReport { sentence, answers, result } = report;
    let claims = answers.iter().map(|answer| ClaimLine {
        id: answer.id,
        title: answer.title,
        side: answer.side,
        verdict: result.map(|_| answer.verdict().map_or(ClaimVerdict::NotRun, ClaimVerdict::Run)),
    });
    json_line(&SentenceLine {
        format: FORMAT,
        id: &sentence.id,
        sentence: &sentence.sentence,
        bearing: sentence.bearing,
        note: sentence.note.as_deref(),
        result: *result,
        claims: claims.collect(),
    })
}
