//! The JUnit document: junit-report's skeleton, enriched.

use std::io;
use std::path::Path;

use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::addition::Additions;
use super::ending::Ending;
use super::enrich::enrich;
use super::output::{output, unmarked};
use super::profile::JunitProfile;
use super::suite::{Entry, Suite, hostname, suites};
use crate::disk::write_whole;
use crate::report::fault::ReportError;
use crate::report::text::XmlText;
use crate::run::RunRecord;

/// The largest document, in bytes, as long as it can be had by cutting texts: some readers refuse a file above 30 MB.
const LARGEST: usize = 25_000_000;

/// How much text one failure may take, and as much again what its pods wrote.
const ONE_TEXT: usize = 64 << 10;

/// How much text one failure may take however many there are.
const LEAST_TEXT: usize = 1 << 10;

/// The record as a JUnit document. The same record, evidence and folder give the same bytes.
///
/// `folder` is the run's: of what is no success the logs that lie there are shown, as far as they fit, and the files
/// are named as below it.
pub fn junit_document(record: &RunRecord, folder: &Path, profile: JunitProfile) -> io::Result<Vec<u8>> {
    shown_document(record, (folder, folder), profile)
}

/// The same, with the files named as below another folder: as readers find the run's.
fn shown_document(record: &RunRecord, folder: (&Path, &Path), profile: JunitProfile) -> io::Result<Vec<u8>> {
    let suites = suites(record, profile);
    let entries: usize = suites.iter().map(|suite| suite.entries.len()).sum();
    let mut limit = (LARGEST / entries.max(1)).clamp(LEAST_TEXT, ONE_TEXT);
    loop {
        let document = Form { profile, folder, limit }.document(record, &suites)?;
        // What is written can be longer than what was said: how much longer is seen only now.
        if document.len() <= LARGEST || limit <= LEAST_TEXT {
            return Ok(document);
        }
        limit = (limit / 2).max(LEAST_TEXT);
    }
}

/// Writes the record as `junit.xml` into the run's folder: whole, or not at all.
pub fn write_junit(folder: &Path, record: &RunRecord, profile: JunitProfile) -> Result<(), ReportError> {
    let file = folder.join("junit.xml");
    shown_document(record, (folder, &profile.folder(folder)), profile)
        .and_then(|document| write_whole(&file, &document))
        .map_err(|source| ReportError::File { file, source })
}

/// What all elements of a document share.
struct Form<'a> {
    profile: JunitProfile,
    /// The run's folder, and how readers find it.
    folder: (&'a Path, &'a Path),
    /// How much text one element may take, in bytes.
    limit: usize,
}

impl Form<'_> {
    fn document(&self, record: &RunRecord, suites: &[Suite<'_>]) -> io::Result<Vec<u8>> {
        let mut report = Report::new();
        report.add_testsuites(suites.iter().map(|suite| self.test_suite(record, suite)));
        let mut skeleton = Vec::new();
        report.write_xml(&mut skeleton).map_err(io::Error::other)?;
        enrich(&skeleton, Additions::new(record, suites, self.profile, self.limit))
    }

    fn test_suite(&self, record: &RunRecord, suite: &Suite<'_>) -> TestSuite {
        TestSuite {
            name: line(&suite.name()),
            package: String::new(),
            // The true one comes later: this crate panics on years without four digits.
            timestamp: OffsetDateTime::UNIX_EPOCH,
            hostname: line(&hostname(record)),
            testcases: suite.entries.iter().map(|entry| self.test_case(suite, entry)).collect(),
            system_out: run_faults(record).map(|text| self.cdata(&unmarked(&text))),
            system_err: None,
        }
    }

    fn test_case(&self, suite: &Suite<'_>, entry: &Entry<'_>) -> TestCase {
        let output = output(entry, self.folder, self.profile, self.limit);
        TestCase {
            name: line(&entry.name()),
            time: Duration::milliseconds(entry.millis()),
            result: self.result(&entry.ending),
            classname: Some(line(&suite.name())),
            filepath: None,
            // It is within the limit, and what it names last must not be cut.
            system_out: output.map(|text| XmlText::new(&text).cdata()),
            system_err: None,
        }
    }

    fn result(&self, ending: &Ending) -> TestResult {
        let text = XmlText::new(&ending.text(self.profile)).within(self.limit);
        let (type_, message) = (ending.kind(), text.line());
        // Some readers show the message only, some the body only: the first line stands in both, unless both are shown.
        let cause = Some(if self.profile.continues_in_body() { text.after_line() } else { text }.cdata());
        match ending {
            Ending::Success { .. } => TestResult::Success,
            Ending::Skipped { .. } => TestResult::SkippedWithCause { type_, message, cause },
            Ending::Error { .. } | Ending::Failure { .. } if ending.is_error(self.profile) => {
                TestResult::Error { type_, message, cause }
            }
            Ending::Error { .. } | Ending::Failure { .. } => TestResult::Failure { type_, message, cause },
        }
    }

    fn cdata(&self, text: &str) -> String {
        XmlText::new(text).within(self.limit).cdata()
    }
}

/// What could not be kept or cleaned up after the run belongs to no case.
fn run_faults(record: &RunRecord) -> Option<String> {
    let lines: Vec<_> = record.faults.iter().map(|fault| format!("fault of the run: {fault}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(text: &str) -> String {
    XmlText::new(text).line()
}
