//! Metrics of a run in the Prometheus text format, for the textfile collector.
//!
//! `metrics.prom` in the run's folder has the time of the last success only if this run succeeded. A metrics file that
//! every run updates keeps the time of an earlier success, as a Pushgateway would. Alert on the age of that time, not
//! on single failures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};
use std::io::{self, Read as _};
use std::path::Path;

use super::entry::{Entry, entries};
use super::error::ReportError;
use super::text::plain_line;
use crate::disk::{open_regular, write_whole};
use crate::plan::{Purpose, Tier};
use crate::record::{RunOutcome, RunRecord};

const LAST_RUN: &str = "podproof_run_last_timestamp_seconds";
const LAST_SUCCESS: &str = "podproof_run_last_success_timestamp_seconds";

/// The number of bytes read from an existing metrics file.
const LARGEST: u64 = 64 << 20;

/// The longest label value, in characters.
const LONGEST: usize = 120;

/// Renders a record as metrics. The same input gives the same bytes.
///
/// `before` is the previous content of the file, or empty. The last-success times of it are kept for the other purpose,
/// and for the purpose of this run unless this run succeeded.
#[must_use]
pub fn prometheus_text(record: &RunRecord, before: &str) -> String {
    let entries = entries(record);
    let outcome = RunOutcome::of(record);
    let purpose = purpose(record);
    let run = [("purpose", purpose)];
    let ended = seconds(record.ended.as_millisecond());
    let mut text = Text::default();
    text.metric("podproof_run_info", "The run and the cluster, in labels.");
    let info = [
        ("purpose", purpose),
        ("run", record.run.as_str()),
        ("version", &record.podproof),
        ("kubernetes", &record.cluster.version),
    ];
    text.sample("podproof_run_info", &info, 1);
    text.metric(LAST_RUN, "When the run ended, in seconds since 1970.");
    text.sample(LAST_RUN, &run, &ended);
    let mut successes = last_successes(before);
    if outcome == RunOutcome::Conformant {
        successes.insert(purpose, ended.clone());
    }
    if !successes.is_empty() {
        text.metric(LAST_SUCCESS, "When the last conformant run ended, in seconds since 1970.");
        for (purpose, succeeded) in successes {
            text.sample(LAST_SUCCESS, &[("purpose", purpose)], succeeded);
        }
    }
    text.metric("podproof_run_duration_seconds", "How long the run took.");
    let took = record.ended.as_millisecond().saturating_sub(record.started.as_millisecond());
    text.sample("podproof_run_duration_seconds", &run, seconds(took.max(0)));
    text.metric("podproof_run_outcome", "The outcome of the run: 1 for its outcome, 0 for the others.");
    for other in
        [RunOutcome::Conformant, RunOutcome::Partial, RunOutcome::Inconclusive, RunOutcome::Nonconformant]
    {
        let labels = [("purpose", purpose), ("outcome", other.word())];
        text.sample("podproof_run_outcome", &labels, u8::from(other == outcome));
    }
    counts(&mut text, purpose, &entries);
    durations(&mut text, purpose, &entries);
    text.text
}

/// Writes `metrics.prom` into the run's folder, atomically.
pub(super) fn write_metrics(folder: &Path, record: &RunRecord) -> Result<(), ReportError> {
    let file = folder.join("metrics.prom");
    write_whole(&file, prometheus_text(record, "").as_bytes())
        .map_err(|source| ReportError::File { file, source })
}

/// Updates a metrics file that several runs share, atomically. If the file has metrics of a later run with the same
/// purpose, it is left unchanged.
pub(super) fn write_metrics_over(file: &Path, record: &RunRecord) -> Result<(), ReportError> {
    let before = match read_before(file) {
        // A file that is not UTF-8 is not podproof's own, so none of it is kept.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            Ok(String::new())
        }
        other => other,
    };
    let write = |before: String| {
        let ended = record.ended.as_millisecond();
        let is_later = |seconds: f64| seconds > f64_of(ended) / 1000.0;
        if value(&before, LAST_RUN, purpose(record))
            .and_then(|value| value.parse().ok())
            .is_some_and(is_later)
        {
            return Ok(());
        }
        write_whole(file, prometheus_text(record, &before).as_bytes())
    };
    before.and_then(write).map_err(|source| ReportError::File { file: file.to_owned(), source })
}

/// Reads the existing file. Fails if it is not a regular file, for example a device or a pipe.
fn read_before(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_regular(file)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The last-success times in `before`, by purpose.
fn last_successes(before: &str) -> BTreeMap<&'static str, String> {
    let success = |purpose: &'static str| Some((purpose, value(before, LAST_SUCCESS, purpose)?.to_owned()));
    ["check", "prove"].into_iter().filter_map(success).collect()
}

/// The value of a metric for a purpose in `text`. `None` if it is missing or not a finite number.
fn value<'a>(text: &'a str, metric: &str, purpose: &str) -> Option<&'a str> {
    let sample = format!("{} ", sample_of(metric, &[("purpose", purpose)]));
    let mut values = text.lines().filter_map(|line| line.strip_prefix(&sample));
    values.rfind(|value| value.parse::<f64>().is_ok_and(f64::is_finite))
}

fn purpose(record: &RunRecord) -> &'static str {
    match record.purpose {
        Purpose::Check => "check",
        Purpose::Prove => "prove",
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are exact enough")]
fn f64_of(millis: i64) -> f64 {
    millis as f64
}

/// Counts every verdict for every tier in the run, including zeros: a missing series would hide a change.
fn counts(text: &mut Text, purpose: &str, entries: &[Entry<'_>]) {
    let mut counts: BTreeMap<(Tier, &str), usize> = BTreeMap::new();
    for entry in entries {
        for word in ["pass", "fail", "flaky", "inconclusive", "skip"] {
            *counts.entry((entry.case.tier, word)).or_default() += usize::from(entry.case.word() == word);
        }
    }
    text.metric("podproof_run_cases", "The number of executions, by tier and verdict.");
    for ((tier, verdict), count) in counts {
        let labels = [("purpose", purpose), ("tier", &tier.to_string()), ("verdict", verdict)];
        text.sample("podproof_run_cases", &labels, count);
    }
    text.metric(
        "podproof_run_unproved_cases",
        "The number of executions of cases that no cluster has proved yet.",
    );
    let unproved = entries.iter().filter(|entry| entry.case.unproved.is_some()).count();
    text.sample("podproof_run_unproved_cases", &[("purpose", purpose)], unproved);
}

fn durations(text: &mut Text, purpose: &str, entries: &[Entry<'_>]) {
    text.metric("podproof_case_duration_seconds", "How long each execution took.");
    let mut written = BTreeSet::new();
    for entry in entries {
        let case = entry.case;
        let mutant = case.mutant.as_ref().map(|mutant| mutant.name.as_str()).unwrap_or_default();
        let (tier, round) = (case.tier.to_string(), case.round.to_string());
        let labels = [
            ("purpose", purpose),
            ("claim", case.claim.as_str()),
            ("mutant", mutant),
            ("round", &round),
            ("tier", &tier),
            ("verdict", case.word()),
        ];
        // Prometheus rejects the whole file if two samples have the same labels.
        let (own, _) = labels.split_at(4);
        if written.insert(sample_of("podproof_case_duration_seconds", own)) {
            let took = if case.seconds.is_finite() { case.seconds.max(0.0) } else { 0.0 };
            text.sample("podproof_case_duration_seconds", &labels, format!("{took:.3}"));
        }
    }
}

#[derive(Default)]
struct Text {
    text: String,
}

impl Text {
    fn metric(&mut self, name: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = writeln!(self.text, "{} {value}", sample_of(name, labels));
    }
}

fn sample_of(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    format!("{name}{{{}}}", labels.join(","))
}

fn escaped(value: &str) -> String {
    plain_line(value, LONGEST).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Formats milliseconds as seconds.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000)
}

#[cfg(test)]
mod tests {
    use super::{escaped, seconds};

    #[test]
    fn a_label_value_is_escaped() {
        assert_eq!(escaped("a\"} 1\nb\\"), r#"a\"} 1\\nb\\"#);
    }

    #[test]
    fn milliseconds_are_written_as_seconds() {
        assert_eq!([0, 1, 1500, -20].map(seconds), ["0.000", "0.001", "1.500", "-0.020"]);
    }
}
