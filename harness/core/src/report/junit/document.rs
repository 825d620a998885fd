//! The JUnit document.

use std::io;
use std::path::Path;
use std::vec;

use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::addition::Additions;
use super::content::{CaseContent, Contents};
use super::ending::Ending;
use super::enrich::enrich;
use super::profile::JunitProfile;
use super::suite::{Suite, TestCaseEntry, hostname, suites};
use crate::disk::write_whole;
use crate::record::RunRecord;
use crate::report::error::ReportError;
use crate::report::text::XmlText;

/// Renders a record as a JUnit document. The same record, evidence and folder give the same bytes.
///
/// `folder` is the run's. Failed and inconclusive cases show the ends of their logs from it, and paths of files begin
/// with it.
pub fn junit_document(record: &RunRecord, folder: &Path, profile: JunitProfile) -> io::Result<Vec<u8>> {
    render(record, (folder, folder), profile)
}

/// Writes `junit.xml` into the run's folder, atomically.
pub fn write_junit(folder: &Path, record: &RunRecord, profile: JunitProfile) -> Result<(), ReportError> {
    let file = folder.join("junit.xml");
    render(record, (folder, &profile.paths.folder(folder)), profile)
        .and_then(|document| write_whole(&file, &document))
        .map_err(|source| ReportError::File { file, source })
}

/// `folder` is the run's folder, and its path for readers of the document.
fn render(record: &RunRecord, folder: (&Path, &Path), profile: JunitProfile) -> io::Result<Vec<u8>> {
    let suites = suites(record, profile);
    let Contents { faults, cases, attempts } = Contents::fitting(record, &suites, profile, folder);
    let mut skeleton = Vec::new();
    let builder = SkeletonBuilder { profile, hostname: line(&hostname(record)), faults };
    let report = builder.build(&suites, &mut cases.into_iter());
    report.write_xml(&mut skeleton).map_err(io::Error::other)?;
    enrich(&skeleton, Additions::new(record, &suites, profile, attempts))
}

/// Builds what junit-report can write.
struct SkeletonBuilder {
    profile: JunitProfile,
    hostname: String,
    /// The faults of the run, escaped for CDATA.
    faults: Option<String>,
}

impl SkeletonBuilder {
    /// `contents` are those of the test cases, in order.
    fn build(&self, suites: &[Suite<'_>], contents: &mut vec::IntoIter<CaseContent>) -> Report {
        let mut report = Report::new();
        report.add_testsuites(suites.iter().map(|suite| self.test_suite(suite, contents)));
        report
    }

    fn test_suite(&self, suite: &Suite<'_>, contents: &mut vec::IntoIter<CaseContent>) -> TestSuite {
        let cases = suite.entries.iter().zip(contents);
        TestSuite {
            name: line(&suite.name()),
            package: String::new(),
            // A placeholder, replaced by `enrich`: junit-report panics on years that do not have four digits.
            timestamp: OffsetDateTime::UNIX_EPOCH,
            hostname: self.hostname.clone(),
            testcases: cases.map(|(entry, content)| self.test_case(suite, entry, content)).collect(),
            system_out: self.faults.clone(),
            system_err: None,
        }
    }

    fn test_case(&self, suite: &Suite<'_>, entry: &TestCaseEntry<'_>, content: CaseContent) -> TestCase {
        let CaseContent { message, body, output } = content;
        TestCase {
            name: line(&entry.name()),
            time: Duration::milliseconds(entry.millis()),
            result: self.result(&entry.ending, message, body),
            classname: Some(line(&suite.name())),
            filepath: None,
            system_out: output,
            system_err: None,
        }
    }

    fn result(&self, ending: &Ending, message: String, body: String) -> TestResult {
        let (type_, cause) = (ending.kind(), Some(body));
        match ending {
            Ending::Success { .. } => TestResult::Success,
            Ending::Skipped { .. } => TestResult::SkippedWithCause { type_, message, cause },
            Ending::Error { .. } | Ending::Failure { .. } if ending.is_error(self.profile) => {
                TestResult::Error { type_, message, cause }
            }
            Ending::Error { .. } | Ending::Failure { .. } => TestResult::Failure { type_, message, cause },
        }
    }
}

fn line(text: &str) -> String {
    XmlText::new(text).line()
}
