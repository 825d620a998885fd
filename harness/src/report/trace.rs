//! The run as a Chrome trace, for Perfetto and the like: a slice per attempt at a case, and below it one per wait.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::entry::{Entry, entries, millis};
use super::fault::ReportError;
use super::json::json_line;
use super::sketch::Reader;
use super::status::Status;
use super::text::plain_line;
use crate::disk::write_whole;
use crate::evidence::Wait;
use crate::run::{Attempt, CaseRecord, RunRecord};

/// How many rows one slot may have for waits that overlap.
const ROWS: usize = 9;

/// The longest name, in characters.
const LONGEST: usize = 160;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    display_time_unit: &'static str,
    trace_events: Vec<Event>,
}

/// One event of the trace: a slice (`X`), or the name of a row (`M`).
#[derive(Serialize)]
struct Event {
    name: String,
    ph: &'static str,
    cat: &'static str,
    /// Microseconds since the run began.
    ts: i64,
    /// Microseconds.
    dur: i64,
    pid: u8,
    tid: usize,
    args: Args,
}

#[derive(Default, Serialize)]
struct Args {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// Rows in which nothing overlaps, each with the time until which it is taken.
#[derive(Default)]
struct Rows(Vec<i64>);

impl Rows {
    /// The first row that is free from `start` on, taken until `end`.
    fn take(&mut self, start: i64, end: i64) -> usize {
        let free = self.0.iter().position(|taken| *taken <= start);
        let row = free.unwrap_or(self.0.len());
        match self.0.get_mut(row) {
            Some(taken) => *taken = end,
            None => self.0.push(end),
        }
        row
    }
}

/// The record, and the waits that `folder` has evidence of, as one Chrome trace. The same files give the same bytes.
pub fn chrome_trace(record: &RunRecord, folder: &Path) -> Result<String, serde_json::Error> {
    trace(record, &Reader::new(folder))
}

fn trace(record: &RunRecord, reader: &Reader<'_>) -> Result<String, serde_json::Error> {
    let entries = entries(record);
    let mut parts: Vec<_> =
        entries.iter().flat_map(|entry| parts(entry).into_iter().map(move |part| (entry, part))).collect();
    parts.sort_by_key(|(_, part)| part.started);
    let micros = |at: Timestamp| at.as_microsecond().saturating_sub(record.started.as_microsecond());
    let (mut slots, mut events) = (Rows::default(), Vec::new());
    for (entry, part) in &parts {
        let (start, took) = (micros(part.started), millis(part.seconds).saturating_mul(1000));
        let slot = slots.take(start, start.saturating_add(took));
        let row = 1 + slot * (1 + ROWS);
        events.push(case_slice(entry, part, start, took, row));
        let mut rows = Rows::default();
        for wait in &reader.waits(part.slug) {
            let (start, end) = (micros(wait.started), micros(wait.ended));
            let below = rows.take(start, end.max(start));
            if below < ROWS {
                events.push(wait_slice(wait, start, end.saturating_sub(start).max(0), row + 1 + below));
            }
        }
    }
    let names = (0..slots.0.len()).map(|slot| row_name(1 + slot * (1 + ROWS), &format!("slot {}", slot + 1)));
    let trace_events = names.chain(events).collect();
    json_line(&Document { display_time_unit: "ms", trace_events })
}

/// Writes `trace.json` into the run's folder: whole, or not at all.
pub(super) fn write_trace(reader: &Reader<'_>, record: &RunRecord) -> Result<(), ReportError> {
    let file = reader.folder.join("trace.json");
    let document = trace(record, reader).map_err(io::Error::from);
    document
        .and_then(|document| write_whole(&file, document.as_bytes()))
        .map_err(|source| ReportError::File { file, source })
}

/// A case, or one attempt at it.
struct Part<'a> {
    name: String,
    word: &'static str,
    slug: &'a str,
    started: Timestamp,
    seconds: f64,
}

/// The attempts at a case, or the case itself where there was only one.
fn parts<'a>(entry: &Entry<'a>) -> Vec<Part<'a>> {
    let CaseRecord { slug, started, seconds, attempts, .. } = entry.case;
    if attempts.is_empty() {
        let (name, word) = (entry.name(), entry.status.word());
        return vec![Part { name, word, slug, started: *started, seconds: *seconds }];
    }
    let part = |(attempt, number): (&'a Attempt, usize)| Part {
        name: format!("{} (attempt {number})", entry.name()),
        word: Status::of_verdict(&attempt.verdict).word(),
        slug: &attempt.slug,
        started: attempt.started,
        seconds: attempt.seconds,
    };
    attempts.iter().zip(1..).map(part).collect()
}

fn case_slice(entry: &Entry<'_>, part: &Part<'_>, ts: i64, dur: i64, tid: usize) -> Event {
    let args = Args {
        verdict: Some(part.word),
        title: Some(plain_line(&entry.case.title, LONGEST)),
        ..Args::default()
    };
    Event { name: part.name.clone(), ph: "X", cat: "case", ts, dur, pid: 1, tid, args }
}

fn wait_slice(wait: &Wait, ts: i64, dur: i64, tid: usize) -> Event {
    let end = plain_line(&wait.end.to_string(), LONGEST);
    let args = Args { end: Some(end), ..Args::default() };
    Event { name: plain_line(&wait.what, LONGEST), ph: "X", cat: "wait", ts, dur, pid: 1, tid, args }
}

fn row_name(tid: usize, name: &str) -> Event {
    let args = Args { name: Some(name.to_owned()), ..Args::default() };
    Event { name: "thread_name".to_owned(), ph: "M", cat: "", ts: 0, dur: 0, pid: 1, tid, args }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn what_overlaps_has_a_row_of_its_own() {
        let mut rows = Rows::default();
        assert_eq!(
            [(0, 10), (5, 7), (7, 12), (10, 11)].map(|(start, end)| rows.take(start, end)),
            [0, 1, 1, 0]
        );
    }
}
