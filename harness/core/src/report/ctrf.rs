//! The run in the Common Test Report Format, CTRF: <https://ctrf.io>.
//!
//! CTRF has no status for *inconclusive*. The report uses `other`, which is neither a pass nor a fail, and puts the
//! verdict into `rawStatus`. A case that failed in one attempt and passed in another is `failed` and `flaky`.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::entry::{Entry, entries};
use super::error::ReportError;
use super::json::json_line;
use super::status::{StatusClass, gist};
use super::text::{plain, plain_line};
use crate::disk::write_whole;
use crate::record::RunRecord;

/// The version of CTRF.
const SPEC: &str = "0.1.0";

/// Limits for the text of one test and of all tests together, in bytes.
const ONE_TEXT: usize = 16 << 10;
const ALL_TEXTS: usize = 8 << 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    report_format: &'static str,
    spec_version: &'static str,
    generated_by: &'static str,
    results: Results,
}

#[derive(Serialize)]
struct Results {
    tool: Tool,
    summary: Summary,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: String,
}

#[derive(Default, Serialize)]
struct Summary {
    tests: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    pending: usize,
    other: usize,
    start: i64,
    stop: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: String,
    status: &'static str,
    duration: i64,
    start: i64,
    stop: i64,
    suite: [String; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    raw_status: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    flaky: bool,
    #[serde(skip_serializing_if = "is_zero")]
    retries: usize,
    tags: Vec<String>,
    file_path: String,
}

/// Renders a record as a CTRF document. The same record gives the same bytes.
pub fn ctrf_document(record: &RunRecord) -> Result<String, serde_json::Error> {
    let entries = entries(record);
    let count = |class: StatusClass| entries.iter().filter(|entry| entry.status.class() == class).count();
    let limit = (ALL_TEXTS / entries.len().max(1)).clamp(512, ONE_TEXT);
    let start = record.started.as_millisecond();
    json_line(&Document {
        report_format: "CTRF",
        spec_version: SPEC,
        generated_by: "podproof",
        results: Results {
            tool: Tool { name: "podproof", version: plain_line(&record.podproof, 80) },
            summary: Summary {
                tests: entries.len(),
                passed: count(StatusClass::Good),
                failed: count(StatusClass::Bad),
                skipped: count(StatusClass::Skipped),
                other: count(StatusClass::Inconclusive),
                start,
                stop: record.ended.as_millisecond().max(start),
                ..Summary::default()
            },
            tests: entries.iter().map(|entry| test(entry, limit)).collect(),
        },
    })
}

/// Writes `ctrf.json` into the run's folder, atomically.
pub(super) fn write_ctrf(folder: &Path, record: &RunRecord) -> Result<(), ReportError> {
    let file = folder.join("ctrf.json");
    let document = ctrf_document(record).map_err(io::Error::from);
    document
        .and_then(|document| write_whole(&file, document.as_bytes()))
        .map_err(|source| ReportError::File { file, source })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn test(entry: &Entry<'_>, limit: usize) -> Test {
    let case = entry.case;
    let (start, duration) = (case.started.as_millisecond(), entry.millis());
    let findings: Vec<_> = case.verdict.findings().iter().map(ToString::to_string).collect();
    let class = entry.status.class();
    let gist = gist(case, &entry.proof);
    let message = match class {
        StatusClass::Good => None,
        StatusClass::Bad | StatusClass::Inconclusive | StatusClass::Skipped if gist.trim().is_empty() => {
            Some("no reason was given".to_owned())
        }
        StatusClass::Bad | StatusClass::Inconclusive | StatusClass::Skipped => Some(plain_line(&gist, 1000)),
    };
    let unproved = case.unproved.iter().map(|_| "unproved".to_owned());
    Test {
        name: entry.name(),
        status: match class {
            StatusClass::Good => "passed",
            StatusClass::Bad => "failed",
            StatusClass::Skipped => "skipped",
            StatusClass::Inconclusive => "other",
        },
        duration,
        start,
        stop: start.saturating_add(duration),
        suite: ["podproof".to_owned(), case.claim.area().to_owned()],
        message,
        trace: (class == StatusClass::Bad && !findings.is_empty())
            .then(|| plain(&findings.join("\n"), limit)),
        raw_status: case.word(),
        flaky: case.is_flaky(),
        retries: case.attempts_made() - 1,
        tags: [case.level.to_string(), case.tier.to_string()].into_iter().chain(unproved).collect(),
        file_path: format!("cases/{}.yaml", case.claim),
    }
}
