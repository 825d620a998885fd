//! Parses a JUnit report. Tolerates unknown content, but rejects files that are not JUnit.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::case::{CaseDraft, Part};
use super::error_meaning::ErrorMeaning;
use crate::history::model::CaseAttempt;

/// The number of bytes read from a text. The rest is usually a log.
const LONGEST: usize = 4096;

/// The content of a report.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) attempts: Vec<CaseAttempt>,
    /// The earliest timestamp of a suite.
    pub(super) started: Option<Timestamp>,
}

/// A problem in a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReportProblem {
    /// The line, from 1.
    pub(super) line: usize,
    pub(super) problem: String,
}

pub(super) fn scan(text: &str, errors: ErrorMeaning) -> Result<Scanned, ReportProblem> {
    let mut reader = Reader::from_str(text);
    let mut scan = Scan { errors, ..Scan::default() };
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position().max(reader.error_position());
        let problem_at = |problem: String| ReportProblem { line: line(text, at), problem };
        match event.map_err(|error| problem_at(error.to_string()))? {
            Event::Eof => return scan.end().map_err(problem_at),
            Event::Start(element) => {
                scan.open(&element).map_err(problem_at)?;
                scan.depth.push(element.local_name().as_ref().to_vec());
            }
            Event::Empty(element) => {
                scan.open(&element).map_err(problem_at)?;
                scan.close(element.local_name().as_ref());
            }
            Event::End(element) => {
                scan.depth.pop();
                scan.close(element.local_name().as_ref());
            }
            Event::Text(text) => scan.add_text(&String::from_utf8_lossy(&text)),
            Event::CData(text) => scan.add_text(&String::from_utf8_lossy(&text)),
            Event::GeneralRef(reference) => scan.add_text(&resolved(&reference)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[derive(Default)]
struct Scan {
    errors: ErrorMeaning,
    scanned: Scanned,
    /// The names of the open elements.
    depth: Vec<Vec<u8>>,
    is_report: bool,
    suites: Vec<String>,
    case: Option<CaseDraft>,
    /// The open element in a test case and its text so far.
    part: Option<(Part, String)>,
    /// True if the open element is inconclusive. The Prow profile of podproof writes inconclusive results as failures.
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
                    "is not JUnit: it begins with <{name}>, not with <testsuites> or <testsuite>"
                ));
            }
        }
        match name {
            b"testsuites" | b"testsuite" => self.open_suite(element),
            b"testcase" => self.open_case(element),
            _ => {
                if let (Some(part), None, Some(_)) = (Part::from_name(name), &self.part, &self.case) {
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
        let value = |name: &str| attribute(element, name).filter(|value| !value.trim().is_empty());
        let suite = || self.suites.last().cloned().unwrap_or_default();
        let mut case = CaseDraft::default();
        case.class = value("classname").unwrap_or_else(suite);
        case.name = value("name").unwrap_or_default();
        case.seconds = value("time").and_then(|text| seconds(&text)).unwrap_or_default();
        case.status = value("status").unwrap_or_default().to_lowercase();
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
                let ends = self.part.as_ref().is_some_and(|(part, _)| Part::from_name(name) == Some(*part));
                if ends
                    && let Some(case) = &mut self.case
                    && let Some((part, text)) = self.part.take()
                {
                    let is_inconclusive = part == Part::Failure && self.is_inconclusive;
                    let part = if is_inconclusive { Part::Error } else { part };
                    case.add(part, text.trim().to_owned());
                }
            }
        }
    }

    fn add_text(&mut self, added: &str) {
        if let Some((_, text)) = &mut self.part {
            let room = LONGEST.saturating_sub(text.len());
            let end = (0..=room.min(added.len())).rev().find(|&at| added.is_char_boundary(at));
            *text += &added[..end.unwrap_or_default()];
        }
    }

    fn end(self) -> Result<Scanned, String> {
        match self.depth.last() {
            Some(open) => Err(format!("ends within <{}>", String::from_utf8_lossy(open))),
            None if !self.is_report => Err("is not JUnit: it has no element".to_owned()),
            None => Ok(self.scanned),
        }
    }
}

/// The message of an element, or its type if it has no message. The text of the element follows.
fn message(element: &BytesStart<'_>) -> String {
    let values = ["message", "type"].into_iter().filter_map(|name| attribute(element, name));
    match values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty()) {
        Some(mut value) => {
            value.push('\n');
            value
        }
        None => String::new(),
    }
}

/// The value of an attribute; the raw value if it cannot be resolved.
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

/// Resolves a reference like `&lt;`. An unknown reference is kept as it is.
fn resolved(reference: &BytesRef<'_>) -> String {
    let name = String::from_utf8_lossy(reference);
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned),
    }
}

/// Parses seconds, with or without thousands separators. `None` if the text is not a duration.
fn seconds(text: &str) -> Option<f64> {
    let seconds: f64 = text.trim().replace(',', "").parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// Parses a time. A time without a zone is in UTC.
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
