//! The run as a Chrome trace, for Perfetto and similar viewers: a slice per attempt, and below it a slice per wait.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::entry::{Entry, entries, millis};
use super::error::ReportError;
use super::evidence_view::Reader;
use super::json::json_line;
use super::status::CaseStatus;
use super::text::plain_line;
use crate::disk::write_whole;
use crate::evidence::Wait;
use crate::record::{Attempt, CaseRecord, RunRecord};

/// The number of rows below a slot for overlapping waits.
const ROWS: usize = 9;

/// The longest name, in characters.
const LONGEST: usize = 160;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceDocument {
    display_time_unit: &'static str,
    trace_events: Vec<TraceEvent>,
}

/// A trace event: a slice (`X`) or the name of a row (`M`).
#[derive(Serialize)]
struct TraceEvent {
    name: String,
    ph: &'static str,
    cat: &'static str,
    /// Start, in microseconds since the run started.
    ts: i64,
    /// Duration, in microseconds.
    dur: i64,
    pid: u8,
    tid: usize,
    args: TraceArgs,
}

#[derive(Default, Serialize)]
struct TraceArgs {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// Assigns slices to rows so that they do not overlap. Each row has the end of its last slice.
#[derive(Default)]
struct TraceRows(Vec<i64>);

impl TraceRows {
    /// Occupies the first row that is free at `start`, until `end`, and returns its index.
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

/// Renders a record, with the waits in the evidence in `folder`, as a Chrome trace. The same files give the same bytes.
pub fn chrome_trace(record: &RunRecord, folder: &Path) -> Result<String, serde_json::Error> {
    trace(record, &Reader::new(folder))
}

fn trace(record: &RunRecord, reader: &Reader<'_>) -> Result<String, serde_json::Error> {
    let entries = entries(record);
    let mut parts: Vec<_> =
        entries.iter().flat_map(|entry| parts(entry).into_iter().map(move |part| (entry, part))).collect();
    parts.sort_by_key(|(_, part)| part.started);
    let micros = |at: Timestamp| at.as_microsecond().saturating_sub(record.started.as_microsecond());
    let (mut slots, mut events) = (TraceRows::default(), Vec::new());
    for (entry, part) in &parts {
        let (start, took) = (micros(part.started), millis(part.seconds).saturating_mul(1000));
        let slot = slots.take(start, start.saturating_add(took));
        let row = 1 + slot * (1 + ROWS);
        events.push(case_slice(entry, part, start, took, row));
        let mut rows = TraceRows::default();
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
    json_line(&TraceDocument { display_time_unit: "ms", trace_events })
}

/// Writes `trace.json` into the run's folder, atomically.
pub(super) fn write_trace(reader: &Reader<'_>, record: &RunRecord) -> Result<(), ReportError> {
    let file = reader.folder.join("trace.json");
    let document = trace(record, reader).map_err(io::Error::from);
    document
        .and_then(|document| write_whole(&file, document.as_bytes()))
        .map_err(|source| ReportError::File { file, source })
}

/// An attempt at a case.
struct TracePart<'a> {
    name: String,
    word: &'static str,
    slug: &'a str,
    started: Timestamp,
    seconds: f64,
}

/// The attempts at a case; the case itself if there was only one.
fn parts<'a>(entry: &Entry<'a>) -> Vec<TracePart<'a>> {
    let CaseRecord { slug, started, seconds, attempts, .. } = entry.case;
    if attempts.is_empty() {
        let (name, word) = (entry.name(), entry.status.word());
        return vec![TracePart { name, word, slug, started: *started, seconds: *seconds }];
    }
    let part = |(attempt, number): (&'a Attempt, usize)| TracePart {
        name: format!("{} (attempt {number})", entry.name()),
        word: CaseStatus::of_verdict(&attempt.verdict).word(),
        slug: &attempt.slug,
        started: attempt.started,
        seconds: attempt.seconds,
    };
    attempts.iter().zip(1..).map(part).collect()
}

fn case_slice(entry: &Entry<'_>, part: &TracePart<'_>, ts: i64, dur: i64, tid: usize) -> TraceEvent {
    let args = TraceArgs {
        verdict: Some(part.word),
        title: Some(plain_line(&entry.case.title, LONGEST)),
        ..TraceArgs::default()
    };
    TraceEvent { name: part.name.clone(), ph: "X", cat: "case", ts, dur, pid: 1, tid, args }
}

fn wait_slice(wait: &Wait, ts: i64, dur: i64, tid: usize) -> TraceEvent {
    let end = plain_line(&wait.end.to_string(), LONGEST);
    let args = TraceArgs { end: Some(end), ..TraceArgs::default() };
    TraceEvent { name: plain_line(&wait.what, LONGEST), ph: "X", cat: "wait", ts, dur, pid: 1, tid, args }
}

fn row_name(tid: usize, name: &str) -> TraceEvent {
    let args = TraceArgs { name: Some(name.to_owned()), ..TraceArgs::default() };
    TraceEvent { name: "thread_name".to_owned(), ph: "M", cat: "", ts: 0, dur: 0, pid: 1, tid, args }
}

#[cfg(test)]
mod tests {
    use super::TraceRows;

    #[test]
    fn overlapping_slices_get_rows_of_their_own() {
        let mut rows = TraceRows::default();
        assert_eq!(
            [(0, 10), (5, 7), (7, 12), (10, 11)].map(|(start, end)| rows.take(start, end)),
            [0, 1, 1, 0]
        );
    }
}
