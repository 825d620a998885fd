//! Adds to junit-report's document what the crate cannot write: counts of skips, wall times, times, properties.

use std::io;
use std::slice;

use jiff::Timestamp;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::{Reader, Writer};

use super::suite::{Entry, Suite, run_millis, run_properties};
use crate::report::text::XmlText;
use crate::run::RunRecord;

type Xml<'a> = Writer<&'a mut Vec<u8>>;

/// The suites and test cases of `skeleton` stand in the order of `suites`.
pub(super) fn enrich(skeleton: &[u8], record: &RunRecord, suites: &[Suite<'_>]) -> io::Result<Vec<u8>> {
    let mut document = Vec::with_capacity(skeleton.len() * 2);
    let mut writer = Writer::new_with_indent(&mut document, b' ', 2);
    let mut reader = Reader::from_reader(skeleton);
    let mut additions = Additions::new(record, suites);
    loop {
        match reader.read_event().map_err(io::Error::other)? {
            Event::Eof => break,
            Event::Start(element) => match additions.due(&element) {
                Some(addition) => addition.open(&element, &mut writer)?,
                None => writer.write_event(Event::Start(element))?,
            },
            Event::Empty(element) => match additions.due(&element) {
                Some(addition) => {
                    addition.open(&element, &mut writer)?;
                    writer.write_event(Event::End(element.to_end()))?;
                }
                None => writer.write_event(Event::Empty(element))?,
            },
            event @ (Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_)) => writer.write_event(event)?,
        }
    }
    document.push(b'\n');
    Ok(document)
}

/// What is still to be added, in the order of the document.
struct Additions<'a> {
    record: &'a RunRecord,
    suites: slice::Iter<'a, Suite<'a>>,
    entries: slice::Iter<'a, Entry<'a>>,
}

/// What one element gets.
struct Addition {
    attributes: Vec<(&'static str, String)>,
    properties: Vec<(&'static str, String)>,
}

impl<'a> Additions<'a> {
    fn new(record: &'a RunRecord, suites: &'a [Suite<'a>]) -> Self {
        Self { record, suites: suites.iter(), entries: [].iter() }
    }

    fn due(&mut self, element: &BytesStart<'_>) -> Option<Addition> {
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
        let attributes = vec![
            ("name", "podproof".to_owned()),
            ("tests", total(|suite| suite.entries.len())),
            ("failures", total(Suite::failures)),
            ("errors", total(Suite::errors)),
            ("skipped", total(Suite::skipped)),
            ("timestamp", instant(self.record.started)),
            ("time", seconds(run_millis(self.record))),
        ];
        Addition { attributes, properties: Vec::new() }
    }

    fn for_suite(&mut self) -> Option<Addition> {
        let suite = self.suites.next()?;
        self.entries = suite.entries.iter();
        let attributes = vec![
            ("skipped", suite.skipped().to_string()),
            ("timestamp", instant(suite.started())),
            ("time", seconds(suite.wall_millis())),
        ];
        Some(Addition { attributes, properties: run_properties(self.record) })
    }

    fn for_case(&mut self) -> Option<Addition> {
        let entry = self.entries.next()?;
        let attributes = vec![("timestamp", instant(entry.case.started)), ("time", seconds(entry.millis()))];
        Some(Addition { attributes, properties: entry.properties() })
    }
}

impl Addition {
    /// Opens the element with what it has and what it gets; of two attributes of one name ours is the true one.
    fn open(&self, element: &BytesStart<'_>, writer: &mut Xml<'_>) -> io::Result<()> {
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
        self.write_properties(writer)
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

/// With a zone and milliseconds, as all readers understand it.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// With exactly three decimals: some readers take no more, and none takes an exponent.
fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
