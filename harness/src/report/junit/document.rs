//! The JUnit document: junit-report's skeleton, enriched.

use std::io;
use std::path::Path;

use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::ending::Ending;
use super::enrich::enrich;
use super::suite::{Entry, Suite, hostname, suites};
use crate::disk::write_whole;
use crate::report::fault::ReportError;
use crate::report::text::XmlText;
use crate::run::{RunRecord, evidence_folder};

/// How much text all failures may take together: some readers refuse a file above 30 MB.
const ALL_TEXTS: usize = 20 << 20;

/// How much text one failure may take.
const ONE_TEXT: usize = 64 << 10;

/// How much text one failure may take however many there are.
const LEAST_TEXT: usize = 1 << 10;

/// The record as a JUnit document. The same record gives the same bytes.
pub fn junit_document(record: &RunRecord) -> io::Result<Vec<u8>> {
    let suites = suites(record);
    let limit = (ALL_TEXTS / record.cases.len().max(1)).clamp(LEAST_TEXT, ONE_TEXT);
    let mut report = Report::new();
    report.add_testsuites(suites.iter().map(|suite| test_suite(record, suite, limit)));
    let mut skeleton = Vec::new();
    report.write_xml(&mut skeleton).map_err(io::Error::other)?;
    enrich(&skeleton, record, &suites).map_err(io::Error::other)
}

/// Writes the record as a JUnit document to `file`: whole, or not at all.
pub fn write_junit(file: &Path, record: &RunRecord) -> Result<(), ReportError> {
    junit_document(record)
        .and_then(|document| write_whole(file, &document))
        .map_err(|source| ReportError::File { file: file.to_owned(), source })
}

fn test_suite(record: &RunRecord, suite: &Suite<'_>, limit: usize) -> TestSuite {
    TestSuite {
        name: line(&suite.name()),
        package: String::new(),
        // The true one comes later: this crate panics on years without four digits.
        timestamp: OffsetDateTime::UNIX_EPOCH,
        hostname: line(&hostname(record)),
        testcases: suite.entries.iter().map(|entry| test_case(suite, entry, limit)).collect(),
        system_out: run_faults(record).map(|text| cdata(&text, limit)),
        system_err: None,
    }
}

fn test_case(suite: &Suite<'_>, entry: &Entry<'_>, limit: usize) -> TestCase {
    TestCase {
        name: line(&entry.name()),
        time: Duration::milliseconds(entry.millis()),
        result: result(&entry.ending, limit),
        classname: Some(line(&suite.name())),
        filepath: None,
        system_out: output(entry).map(|text| cdata(&text, limit)),
        system_err: None,
    }
}

fn result(ending: &Ending, limit: usize) -> TestResult {
    match ending {
        Ending::Success { .. } => TestResult::Success,
        Ending::Skipped { reason } => TestResult::SkippedWithCause {
            type_: "skipped".to_owned(),
            message: message(reason),
            cause: Some(cdata(reason, limit)),
        },
        Ending::Error { reason, .. } => TestResult::Error {
            type_: "inconclusive".to_owned(),
            message: message(reason),
            cause: Some(cdata(reason, limit)),
        },
        // Some readers show the message only, some the body only: the first line stands in both.
        Ending::Failure { kind, text, .. } => {
            TestResult::Failure { type_: line(kind), message: message(text), cause: Some(cdata(text, limit)) }
        }
    }
}

/// What else there is to say: where the evidence lies, what killed a mutant, what could not be cleaned up.
fn output(entry: &Entry<'_>) -> Option<String> {
    let mut lines = Vec::new();
    match &entry.ending {
        Ending::Success { note } => lines.extend(note.clone()),
        Ending::Skipped { .. } | Ending::Error { .. } | Ending::Failure { .. } => {
            let file = evidence_folder(Path::new(""), &entry.case.slug).join("evidence.json");
            lines.push(format!("evidence: {}", file.display()));
        }
    }
    lines.extend(entry.case.faults.iter().map(|fault| format!("fault: {fault}")));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What could not be kept or cleaned up after the run belongs to no case.
fn run_faults(record: &RunRecord) -> Option<String> {
    let lines: Vec<_> = record.faults.iter().map(|fault| format!("fault of the run: {fault}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The first line. Some readers drop what has no message, so there always is one.
fn message(text: &str) -> String {
    let line = line(text);
    if line.is_empty() { "no reason was given".to_owned() } else { line }
}

fn line(text: &str) -> String {
    XmlText::new(text).line()
}

fn cdata(text: &str, limit: usize) -> String {
    XmlText::new(text).within(limit).cdata()
}
