//! What the elements of a document get beside what junit-report writes.

use std::io;
use std::slice;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesEnd, BytesStart, Event};

use super::ending::Ending;
use super::profile::JunitProfile;
use super::suite::{Entry, Suite, run_millis, run_properties, seconds};
use crate::report::entry::millis;
use crate::report::text::XmlText;
use crate::run::{Attempt, RunRecord};

pub(super) type Xml<'a> = Writer<&'a mut Vec<u8>>;

/// What is still to be added, in the order of the document.
pub(super) struct Additions<'a> {
    record: &'a RunRecord,
    profile: JunitProfile,
    /// How much text one element may take, in bytes.
    limit: usize,
    suites: slice::Iter<'a, Suite<'a>>,
    entries: slice::Iter<'a, Entry<'a>>,
}

/// What one element gets.
pub(super) struct Addition {
    attributes: Vec<(&'static str, String)>,
    properties: Vec<(&'static str, String)>,
    others: Vec<Other>,
}

/// An attempt beside the one that counts.
struct Other {
    element: &'static str,
    attributes: Vec<(&'static str, String)>,
    /// Fit for CDATA.
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

    /// What the next element gets, if anything.
    pub(super) fn due(&mut self, element: &BytesStart<'_>) -> Option<Addition> {
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
        Addition { attributes, properties: Vec::new(), others: Vec::new() }
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
        Some(Addition { attributes, properties, others: Vec::new() })
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
        let others = if self.profile.has_other_attempts() { self.others(entry) } else { Vec::new() };
        Some(Addition { attributes, properties: entry.properties(self.profile), others })
    }

    /// Where an attempt held, those that did not are of a flake; else they are repetitions of the one that counts.
    fn others(&self, entry: &Entry<'_>) -> Vec<Other> {
        let is_settled = entry.case.attempts.iter().any(|attempt| attempt.verdict.is_pass());
        let all = entry.case.attempts.iter();
        let told = all.filter(|attempt| is_settled || attempt.slug != entry.slug);
        told.filter_map(|attempt| self.other(attempt, is_settled)).collect()
    }

    fn other(&self, attempt: &Attempt, is_settled: bool) -> Option<Other> {
        let ending = Ending::of_verdict(&attempt.verdict);
        let element = match (&ending, is_settled) {
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
        Some(Other { element, attributes, text: text.cdata() })
    }
}

impl Addition {
    /// Opens the element with what it has and what it gets; of two attributes of one name ours is the true one.
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
        self.others.iter().try_for_each(|other| other.write(writer))
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

impl Other {
    fn write(&self, writer: &mut Xml<'_>) -> io::Result<()> {
        let attributes = self.attributes.iter().map(|(key, value)| (*key, value.as_str()));
        writer.write_event(Event::Start(BytesStart::new(self.element).with_attributes(attributes)))?;
        writer.write_event(Event::Start(BytesStart::new("stackTrace")))?;
        writer.write_event(Event::CData(BytesCData::new(&self.text)))?;
        writer.write_event(Event::End(BytesEnd::new("stackTrace")))?;
        writer.write_event(Event::End(BytesEnd::new(self.element)))
    }
}

/// With a zone and milliseconds, as all readers understand it.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
