//! Attributes, properties and attempts to add to the elements that junit-report writes.

use std::io;
use std::slice;
use std::vec;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesEnd, BytesStart, Event};

use super::content::OtherAttempt;
use super::profile::JunitProfile;
use super::suite::{Suite, TestCaseEntry, run_millis, run_properties, seconds};
use crate::record::RunRecord;
use crate::report::entry::millis;
use crate::report::text::XmlText;

pub(super) type Xml<'a> = Writer<&'a mut Vec<u8>>;

/// The additions that are not written yet, in document order.
pub(super) struct Additions<'a> {
    record: &'a RunRecord,
    profile: JunitProfile,
    suites: slice::Iter<'a, Suite<'a>>,
    entries: slice::Iter<'a, TestCaseEntry<'a>>,
    /// The other attempts of each test case.
    attempts: vec::IntoIter<Vec<OtherAttempt>>,
}

/// The additions to one element.
pub(super) struct Addition {
    attributes: Vec<(&'static str, String)>,
    properties: Vec<(&'static str, String)>,
    attempts: Vec<OtherAttempt>,
    is_extended: bool,
}

impl<'a> Additions<'a> {
    pub(super) fn new(
        record: &'a RunRecord,
        suites: &'a [Suite<'a>],
        profile: JunitProfile,
        attempts: Vec<Vec<OtherAttempt>>,
    ) -> Self {
        Self { record, profile, suites: suites.iter(), entries: [].iter(), attempts: attempts.into_iter() }
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
        if self.profile.is_extended {
            attributes.push(("skipped", total(Suite::skipped)));
            attributes.push(("timestamp", instant(self.record.started)));
        }
        attributes.push(("time", seconds(run_millis(self.record))));
        self.addition(attributes, Vec::new(), Vec::new())
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
            if self.profile.has_run_properties { run_properties(self.record) } else { Vec::new() };
        Some(self.addition(attributes, properties, Vec::new()))
    }

    fn for_case(&mut self) -> Option<Addition> {
        let entry = self.entries.next()?;
        let mut attributes = Vec::new();
        if self.profile.has_files {
            attributes.push(("file", entry.file()));
        }
        if self.profile.is_extended {
            attributes.push(("timestamp", instant(entry.started)));
        }
        attributes.push(("time", seconds(entry.millis())));
        let attempts = self.attempts.next().unwrap_or_default();
        Some(self.addition(attributes, entry.properties(self.profile), attempts))
    }

    fn addition(
        &self,
        attributes: Vec<(&'static str, String)>,
        properties: Vec<(&'static str, String)>,
        attempts: Vec<OtherAttempt>,
    ) -> Addition {
        Addition { attributes, properties, attempts, is_extended: self.profile.is_extended }
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
        self.attempts.iter().try_for_each(|attempt| attempt.write(self.is_extended, writer))
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
    fn write(&self, is_extended: bool, writer: &mut Xml<'_>) -> io::Result<()> {
        let mut element = BytesStart::new(self.element);
        element.push_attribute(("type", self.kind.as_str()));
        element.push_attribute(("message", self.message.as_str()));
        if is_extended {
            element.push_attribute(("timestamp", instant(self.started).as_str()));
            element.push_attribute(("time", seconds(millis(self.seconds)).as_str()));
        }
        writer.write_event(Event::Start(element))?;
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
