//! Attributes, properties and attempts to add to the elements that junit-report writes.

use std::io;
use std::slice;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesEnd, BytesStart, Event};

use super::ending::Ending;
use super::profile::JunitProfile;
use super::suite::{Suite, TestCaseEntry, run_millis, run_properties, seconds};
use crate::record::{Attempt, RunRecord};
use crate::report::entry::millis;
use crate::report::text::XmlText;

pub(super) type Xml<'a> = Writer<&'a mut Vec<u8>>;

/// The additions that are not written yet, in document order.
pub(super) struct Additions<'a> {
    record: &'a RunRecord,
    profile: JunitProfile,
    /// The limit for the text of one element, in bytes.
    limit: usize,
    suites: slice::Iter<'a, Suite<'a>>,
    entries: slice::Iter<'a, TestCaseEntry<'a>>,
}

/// The additions to one element.
pub(super) struct Addition {
    attributes: Vec<(&'static str, String)>,
    properties: Vec<(&'static str, String)>,
    attempts: Vec<OtherAttempt>,
}

/// An attempt other than the one that counts.
struct OtherAttempt {
    element: &'static str,
    attributes: Vec<(&'static str, String)>,
    /// Escaped for CDATA.
    text: String,
}

impl<'a> Additions<'a> {
    pub(super) fn new(
        record: &'a RunRecord,
        suites: &'a [Suite<'a>],
        profile: JunitProfile,
        limit: usize,
    ) -> Self {
        Self { record, profile, limit, suites: suites.iter(), entries: [].iter() }
    }

    /// The additions to `element`, which must be the next one in the document.
    pub(super) fn next_for(&mut self, element: &BytesStart<'_>) -> Option<Addition> {
        match element.name().as_ref() {
            b"testsuites" => Some(self.for_root()),
            b"testsuite" => self.for_suite(),
            b"testcase" => self.for_case(),
            _ => None,
        }
    }

    fn for_root(&self) -> Addition {
        let suites = self.suites.as_slice();
        let total = |count: fn(&Suite<'a>) -> usize| suites.iter().map(count).sum::<usize>().to_string();
        let mut attributes = vec![
            ("name", "podproof".to_owned()),
            ("tests", total(|suite| suite.entries.len())),
            ("failures", total(Suite::failures)),
            ("errors", total(Suite::errors)),
        ];
        if self.profile.is_extended() {
            attributes.push(("skipped", total(Suite::skipped)));
            attributes.push(("timestamp", instant(self.record.started)));
        }
        attributes.push(("time", seconds(run_millis(self.record))));
        Addition { attributes, properties: Vec::new(), attempts: Vec::new() }
    }

    fn for_suite(&mut self) -> Option<Addition> {
        let suite = self.suites.next()?;
        self.entries = suite.entries.iter();
        let attributes = vec![
            ("skipped", suite.skipped().to_string()),
            ("timestamp", instant(suite.started())),
            ("time", seconds(suite.wall_millis())),
        ];
        let properties =
            if self.profile.has_run_properties() { run_properties(self.record) } else { Vec::new() };
        Some(Addition { attributes, properties, attempts: Vec::new() })
    }

    fn for_case(&mut self) -> Option<Addition> {
        let entry = self.entries.next()?;
        let mut attributes = Vec::new();
        if self.profile.has_files() {
            attributes.push(("file", entry.file()));
        }
        if self.profile.is_extended() {
            attributes.push(("timestamp", instant(entry.started)));
        }
        attributes.push(("time", seconds(entry.millis())));
        let attempts =
            if self.profile.has_other_attempts() { self.other_attempts(entry) } else { Vec::new() };
        Some(Addition { attributes, properties: entry.properties(self.profile), attempts })
    }

    /// If one attempt passed, the case is flaky, and all failed attempts are listed. Otherwise the attempt that counts
    /// is left out, as it is the test case itself.
    fn other_attempts(&self, entry: &TestCaseEntry<'_>) -> Vec<OtherAttempt> {
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
        let text = XmlText::new(&ending.text(self.profile)).within(self.limit);
        let mut attributes = vec![("type", ending.kind()), ("message", text.line())];
        if self.profile.is_extended() {
            attributes.push(("timestamp", instant(attempt.started)));
            attributes.push(("time", seconds(millis(attempt.seconds))));
        }
        Some(OtherAttempt { element, attributes, text: text.cdata() })
    }
}

impl Addition {
    /// Writes the start of `element` with the additions. They replace attributes of the same name.
    pub(super) fn open(&self, element: &BytesStart<'_>, writer: &mut Xml<'_>) -> io::Result<()> {
        let name = element.name();
        let mut opened = BytesStart::new(String::from_utf8_lossy(name.as_ref()).into_owned());
        for attribute in element.attributes() {
            let attribute = attribute.map_err(io::Error::other)?;
            if self.attributes.iter().all(|(key, _)| key.as_bytes() != attribute.key.as_ref()) {
                opened.push_attribute(attribute);
            }
        }
        opened.extend_attributes(self.attributes.iter().map(|(key, value)| (*key, value.as_str())));
        writer.write_event(Event::Start(opened))?;
        self.write_properties(writer)?;
        self.attempts.iter().try_for_each(|attempt| attempt.write(writer))
    }

    fn write_properties(&self, writer: &mut Xml<'_>) -> io::Result<()> {
        if self.properties.is_empty() {
            return Ok(());
        }
        writer.write_event(Event::Start(BytesStart::new("properties")))?;
        for (name, value) in &self.properties {
            let value = XmlText::new(value).line();
            let pair = [("name", *name), ("value", value.as_str())];
            writer.write_event(Event::Empty(BytesStart::new("property").with_attributes(pair)))?;
        }
        writer.write_event(Event::End(BytesEnd::new("properties")))
    }
}

impl OtherAttempt {
    fn write(&self, writer: &mut Xml<'_>) -> io::Result<()> {
        let attributes = self.attributes.iter().map(|(key, value)| (*key, value.as_str()));
        writer.write_event(Event::Start(BytesStart::new(self.element).with_attributes(attributes)))?;
        writer.write_event(Event::Start(BytesStart::new("stackTrace")))?;
        writer.write_event(Event::CData(BytesCData::new(&self.text)))?;
        writer.write_event(Event::End(BytesEnd::new("stackTrace")))?;
        writer.write_event(Event::End(BytesEnd::new(self.element)))
    }
}

/// Formats a time with zone and milliseconds, which all readers accept.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
