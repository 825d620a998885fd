//! The texts of a document: cleaned, shortened and escaped.
//!
//! They are ready before the document is built, so that their size is known before anything is written.

use std::path::Path;

use jiff::Timestamp;

use super::ending::Ending;
use super::output::{output, unmarked};
use super::profile::{AttemptPlace, BodyStyle, JunitProfile};
use super::suite::{Suite, TestCaseEntry};
use crate::record::{Attempt, RunRecord};
use crate::report::text::XmlText;

/// The largest size of a document, in bytes, if shortening texts is enough. Some readers reject files above 30 MB.
const LARGEST: usize = 25_000_000;

/// The estimated size of a test case without these texts: tags, names, times and properties, in bytes.
const ELEMENT: usize = 1 << 10;

/// The limit for the text of one failure, and again for its logs, in bytes.
const ONE_TEXT: usize = 64 << 10;

/// The lower bound of that limit, however many failures there are.
const LEAST_TEXT: usize = 1 << 10;

/// The texts of a document.
pub(super) struct Contents {
    /// The faults of the run that belong to no case.
    pub(super) faults: Option<String>,
    /// The texts of each test case, in the order of the document.
    pub(super) cases: Vec<CaseContent>,
    /// The other attempts of each test case, in the same order.
    pub(super) attempts: Vec<Vec<OtherAttempt>>,
}

/// The texts of a test case. Those for a CDATA section are escaped for it.
pub(super) struct CaseContent {
    /// The first line of the result.
    pub(super) message: String,
    /// The body of the result.
    pub(super) body: String,
    /// Attachments, faults and the ends of logs.
    pub(super) output: Option<String>,
}

/// An attempt other than the one that counts.
pub(super) struct OtherAttempt {
    pub(super) element: &'static str,
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) started: Timestamp,
    pub(super) seconds: f64,
    /// Escaped for CDATA.
    pub(super) text: String,
}

/// The settings that all texts of a document share.
struct ContentBuilder<'a> {
    profile: JunitProfile,
    /// The run's folder, and its path for readers of the document.
    folder: (&'a Path, &'a Path),
    /// The limit for one text, in bytes.
    limit: usize,
}

impl Contents {
    /// The texts of `suites`, short enough for the document. `folder` is the run's folder, and its path for readers of
    /// the document.
    pub(super) fn fitting(
        record: &RunRecord,
        suites: &[Suite<'_>],
        profile: JunitProfile,
        folder: (&Path, &Path),
    ) -> Self {
        let entries: usize = suites.iter().map(|suite| suite.entries.len()).sum();
        let mut limit = (LARGEST / entries.max(1)).clamp(LEAST_TEXT, ONE_TEXT);
        loop {
            let contents = ContentBuilder { profile, folder, limit }.contents(record, suites);
            // Escaping makes texts longer, so their size is known only now. The limit can be halved six times.
            if contents.size() <= LARGEST || limit <= LEAST_TEXT {
                return contents;
            }
            limit = (limit / 2).max(LEAST_TEXT);
        }
    }

    /// About the size of the document, in bytes.
    fn size(&self) -> usize {
        let cases = self.cases.iter().map(|case| {
            ELEMENT + case.message.len() + case.body.len() + case.output.as_ref().map_or(0, String::len)
        });
        let attempts = self.attempts.iter().flatten().map(|one| ELEMENT + one.message.len() + one.text.len());
        cases.chain(attempts).sum()
    }
}

impl ContentBuilder<'_> {
    fn contents(&self, record: &RunRecord, suites: &[Suite<'_>]) -> Contents {
        let entries = || suites.iter().flat_map(|suite| &suite.entries);
        Contents {
            faults: run_faults(record).map(|text| self.text(&unmarked(&text)).cdata()),
            cases: entries().map(|entry| self.case(entry)).collect(),
            attempts: entries().map(|entry| self.other_attempts(entry)).collect(),
        }
    }

    fn case(&self, entry: &TestCaseEntry<'_>) -> CaseContent {
        let text = self.text(&entry.ending.text(self.profile));
        let message = text.line();
        // Some readers show only the message, some only the body, so both have the first line. Readers that show both
        // get it only once.
        let body = match self.profile.body {
            BodyStyle::Whole => text.cdata(),
            BodyStyle::AfterMessage => text.after_line().cdata(),
        };
        // `output` keeps to the limit, so that nothing is cut here.
        let output = output(entry, self.folder, self.profile, self.limit);
        CaseContent { message, body, output: output.map(|text| XmlText::new(&text).cdata()) }
    }

    /// If one attempt passed, the case is flaky, and all failed attempts are listed. Otherwise the attempt that counts
    /// is left out, as it is the test case itself.
    fn other_attempts(&self, entry: &TestCaseEntry<'_>) -> Vec<OtherAttempt> {
        if self.profile.attempts != AttemptPlace::TestCase {
            return Vec::new();
        }
        let has_pass = entry.case.attempts.iter().any(|attempt| attempt.verdict.is_pass());
        let all = entry.case.attempts.iter();
        let others = all.filter(|attempt| has_pass || attempt.slug != entry.slug);
        others.filter_map(|attempt| self.other_attempt(attempt, has_pass)).collect()
    }

    fn other_attempt(&self, attempt: &Attempt, has_pass: bool) -> Option<OtherAttempt> {
        let ending = Ending::of_verdict(&attempt.verdict);
        let element = match (&ending, has_pass) {
            (Ending::Success { .. } | Ending::Skipped { .. }, _) => return None,
            (Ending::Failure { .. }, true) => "flakyFailure",
            (Ending::Error { .. }, true) => "flakyError",
            (Ending::Failure { .. }, false) => "rerunFailure",
            (Ending::Error { .. }, false) => "rerunError",
        };
        let text = self.text(&ending.text(self.profile));
        Some(OtherAttempt {
            element,
            kind: ending.kind(),
            message: text.line(),
            started: attempt.started,
            seconds: attempt.seconds,
            text: text.cdata(),
        })
    }

    fn text(&self, text: &str) -> XmlText {
        XmlText::new(text).within(self.limit)
    }
}

/// Faults of the run that belong to no case.
fn run_faults(record: &RunRecord) -> Option<String> {
    let lines: Vec<_> = record.faults.iter().map(|fault| format!("fault of the run: {fault}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
