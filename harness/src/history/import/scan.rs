//! Reading a report, tolerant of what it has and strict about what it is.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::case::{CaseDraft, Part};
use super::document::ErrorsAre;
use crate::history::kept::Attempt;

/// How much of a text is read, in bytes: what follows is a log.
const LONGEST: usize = 4096;

/// What a report has.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) attempts: Vec<Attempt>,
    /// The earliest time in it.
    pub(super) started: Option<Timestamp>,
}

/// What is wrong with a report, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// From 1.
    pub(super) line: usize,
    pub(super) problem: String,
}

pub(super) fn scan(text: &str, errors: ErrorsAre) -> Result<Scanned, Flaw> {
    let mut reader = Reader::from_str(text);
    let mut scan = Scan { errors, ..Scan::default() };
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position().max(reader.error_position());
        let flaw = |problem: String| Flaw { line: line(text, at), problem };
        match event.map_err(|error| flaw(error.to_string()))? {
            Event::Eof => return scan.end().map_err(flaw),
            Event::Start(element) => {
                scan.open(&element).map_err(flaw)?;
                scan.depth.push(element.local_name().as_ref().to_vec());
            }
            Event::Empty(element) => {
                scan.open(&element).map_err(flaw)?;
                scan.close(element.local_name().as_ref());
            }
            Event::End(element) => {
                scan.depth.pop();
                scan.close(element.local_name().as_ref());
            }
            Event::Text(words) => scan.hear(&String::from_utf8_lossy(&words)),
            Event::CData(words) => scan.hear(&String::from_utf8_lossy(&words)),
            Event::GeneralRef(reference) => scan.hear(&resolved(&reference)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[derive(Default)]
struct Scan {
    errors: ErrorsAre,
    scanned: Scanned,
    /// The elements that are open.
    depth: Vec<Vec<u8>>,
    is_report: bool,
    suites: Vec<String>,
    case: Option<CaseDraft>,
    /// What an element inside of a test case says, as far as it is read.
    part: Option<(Part, String)>,
    /// Whether it calls itself inconclusive: for readers who know no other element we say that in a failure.
    is_inconclusive: bool,
}

impl Scan {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let local = element.local_name();
        let name = local.as_ref();
        if !self.is_report {
            self.is_report = matches!(name, b"testsuites" | b"testsuite");
            if !self.is_report {
                let name = String::from_utf8_lossy(name);
                return Err(format!(
                    "is no JUnit: it begins with <{name}>, not with <testsuites> or <testsuite>"
                ));
            }
        }
        match name {
            b"testsuites" | b"testsuite" => self.open_suite(element),
            b"testcase" => self.open_case(element),
            _ => {
                if let (Some(part), None, Some(_)) = (Part::of(name), &self.part, &self.case) {
                    let message = message(element);
                    let kind = attribute(element, "type");
                    self.is_inconclusive =
                        kind.as_deref() == Some("inconclusive") && message.starts_with("inconclusive:");
                    self.part = Some((part, message));
                }
            }
        }
        Ok(())
    }

    fn open_suite(&mut self, element: &BytesStart<'_>) {
        self.suites.push(attribute(element, "name").unwrap_or_default());
        let time = attribute(element, "timestamp").and_then(|text| time(&text));
        self.scanned.started = match (self.scanned.started, time) {
            (Some(known), Some(time)) => Some(known.min(time)),
            (known, time) => known.or(time),
        };
    }

    fn open_case(&mut self, element: &BytesStart<'_>) {
        let words = |name: &str| attribute(element, name).filter(|words| !words.trim().is_empty());
        let suite = || self.suites.last().cloned().unwrap_or_default();
        let mut case = CaseDraft::default();
        case.class = words("classname").unwrap_or_else(suite);
        case.name = words("name").unwrap_or_default();
        case.seconds = words("time").and_then(|text| seconds(&text)).unwrap_or_default();
        case.status = words("status").unwrap_or_default().to_lowercase();
        self.case = Some(case);
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"testsuites" | b"testsuite" => {
                self.suites.pop();
            }
            b"testcase" => {
                if let Some(case) = self.case.take() {
                    self.scanned.attempts.extend(case.attempts(self.errors));
                }
            }
            _ => {
                let ends = self.part.as_ref().is_some_and(|(part, _)| Part::of(name) == Some(*part));
                if ends
                    && let Some(case) = &mut self.case
                    && let Some((part, words)) = self.part.take()
                {
                    let is_untold = part == Part::Failure && self.is_inconclusive;
                    let part = if is_untold { Part::Error } else { part };
                    case.say(part, words.trim().to_owned());
                }
            }
        }
    }

    fn hear(&mut self, words: &str) {
        if let Some((_, heard)) = &mut self.part {
            let room = LONGEST.saturating_sub(heard.len());
            let end = (0..=room.min(words.len())).rev().find(|&at| words.is_char_boundary(at));
            *heard += &words[..end.unwrap_or_default()];
        }
    }

    fn end(self) -> Result<Scanned, String> {
        match self.depth.last() {
            Some(open) => Err(format!("ends within <{}>", String::from_utf8_lossy(open))),
            None if !self.is_report => Err("is no JUnit: it has no element".to_owned()),
            None => Ok(self.scanned),
        }
    }
}

/// The message and the kind of a failure; the text of its element follows.
fn message(element: &BytesStart<'_>) -> String {
    let words = ["message", "type"].into_iter().filter_map(|name| attribute(element, name));
    match words.map(|words| words.trim().to_owned()).find(|words| !words.is_empty()) {
        Some(mut words) => {
            words.push('\n');
            words
        }
        None => String::new(),
    }
}

/// An attribute's value; as it stands where it cannot be resolved.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found = attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name.as_bytes())?;
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    Some(
        value.map_or_else(
            |_| String::from_utf8_lossy(&found.value).into_owned(),
            std::borrow::Cow::into_owned,
        ),
    )
}

/// What a reference such as `&lt;` stands for; itself where nobody knows.
fn resolved(reference: &BytesRef<'_>) -> String {
    let name = String::from_utf8_lossy(reference);
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned),
    }
}

/// Seconds, with or without thousands separators; what is no duration is none.
fn seconds(text: &str) -> Option<f64> {
    let seconds: f64 = text.trim().replace(',', "").parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// A time with a zone, or without one in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp()))
}

fn line(text: &str, at: u64) -> usize {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    text.as_bytes()[..at].split(|byte| *byte == b'\n').count()
}
