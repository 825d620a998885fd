//! The JUnit document.

use std::io;
use std::path::Path;

use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::addition::Additions;
use super::ending::Ending;
use super::enrich::enrich;
use super::output::{output, unmarked};
use super::profile::JunitProfile;
use super::suite::{Suite, TestCaseEntry, hostname, suites};
use crate::disk::write_whole;
use crate::record::RunRecord;
use crate::report::error::ReportError;
use crate::report::text::XmlText;

/// The largest document, in bytes, if shortening texts is enough. Some readers reject files above 30 MB.
const LARGEST: usize = 25_000_000;

/// The limit for the text of one failure, and again for its logs, in bytes.
const ONE_TEXT: usize = 64 << 10;

/// The lower bound of that limit, however many failures there are.
const LEAST_TEXT: usize = 1 << 10;

/// Renders a record as a JUnit document. The same record, evidence and folder give the same bytes.
///
/// `folder` is the run's. Failed and inconclusive cases show the ends of their logs from it, and paths of files begin
/// with it.
pub fn junit_document(record: &RunRecord, folder: &Path, profile: JunitProfile) -> io::Result<Vec<u8>> {
    render(record, (folder, folder), profile)
}

/// `folder` is the run's folder, and its path for readers of the document.
fn render(record: &RunRecord, folder: (&Path, &Path), profile: JunitProfile) -> io::Result<Vec<u8>> {
    let suites = suites(record, profile);
    let entries: usize = suites.iter().map(|suite| suite.entries.len()).sum();
    let mut limit = (LARGEST / entries.max(1)).clamp(LEAST_TEXT, ONE_TEXT);
    loop {
        let document = DocumentBuilder { profile, folder, limit }.build(record, &suites)?;
        // Escaping makes texts longer, so the size is known only now.
        if document.len() <= LARGEST || limit <= LEAST_TEXT {
            return Ok(document);
        }
        limit = (limit / 2).max(LEAST_TEXT);
    }
}

/// Writes `junit.xml` into the run's folder, atomically.
pub fn write_junit(folder: &Path, record: &RunRecord, profile: JunitProfile) -> Result<(), ReportError> {
    let file = folder.join("junit.xml");
    render(record, (folder, &profile.folder(folder)), profile)
        .and_then(|document| write_whole(&file, &document))
        .map_err(|source| ReportError::File { file, source })
}

/// The settings that all elements of a document share.
struct DocumentBuilder<'a> {
    profile: JunitProfile,
    /// The run's folder, and its path for readers of the document.
    folder: (&'a Path, &'a Path),
    /// The limit for the text of one element, in bytes.
    limit: usize,
}

impl DocumentBuilder<'_> {
    fn build(&self, record: &RunRecord, suites: &[Suite<'_>]) -> io::Result<Vec<u8>> {
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
            // A placeholder, replaced by `enrich`: junit-report panics on years that do not have four digits.
            timestamp: OffsetDateTime::UNIX_EPOCH,
            hostname: line(&hostname(record)),
            testcases: suite.entries.iter().map(|entry| self.test_case(suite, entry)).collect(),
            system_out: run_faults(record).map(|text| self.cdata(&unmarked(&text))),
            system_err: None,
        }
    }

    fn test_case(&self, suite: &Suite<'_>, entry: &TestCaseEntry<'_>) -> TestCase {
        let output = output(entry, self.folder, self.profile, self.limit);
        TestCase {
            name: line(&entry.name()),
            time: Duration::milliseconds(entry.millis()),
            result: self.result(&entry.ending),
            classname: Some(line(&suite.name())),
            filepath: None,
            // `output` keeps to the limit, so that nothing is cut here.
            system_out: output.map(|text| XmlText::new(&text).cdata()),
            system_err: None,
        }
    }

    fn result(&self, ending: &Ending) -> TestResult {
        let text = XmlText::new(&ending.text(self.profile)).within(self.limit);
        let (type_, message) = (ending.kind(), text.line());
        // Some readers show only the message, some only the body, so both have the first line. Readers that show both
        // get it only once.
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

/// Faults of the run that belong to no case.
fn run_faults(record: &RunRecord) -> Option<String> {
    let lines: Vec<_> = record.faults.iter().map(|fault| format!("fault of the run: {fault}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(text: &str) -> String {
    XmlText::new(text).line()
}
