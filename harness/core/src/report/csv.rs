//! Trials as CSV (RFC 4180), one line per trial.
//!
//! Spreadsheets evaluate formulas and terminals interpret escape sequences, so text fields are cleaned. Numbers are
//! podproof's own and are written as they are.

use std::fmt::Display;
use std::path::Path;

use super::error::ReportError;
use super::text::visible_line;
use crate::disk::write_whole;
use crate::trials::{ExperimentRecord, Start, Trial, TrialGroup};

/// The longest text field, in characters.
const LONGEST: usize = 1000;

const HEADS: [&str; 22] = [
    "strategy",
    "order",
    "trial",
    "namespace",
    "pod",
    "outcome",
    "detail",
    "consumer_restarts",
    "gap_by_clock_ns",
    "gap_by_event_ns",
    "gap_by_ticks_ns",
    "producer_ticks",
    "producer_ticks_per_second",
    "producer_event_ns",
    "producer_realtime_ns",
    "producer_boottime_ns",
    "consumer_ticks",
    "consumer_ticks_per_second",
    "consumer_event_ns",
    "consumer_realtime_ns",
    "consumer_boottime_ns",
    "skipped",
];

/// Renders the trials of an experiment as CSV. A skipped group has one line without a trial.
#[must_use]
pub fn trials_csv(record: &ExperimentRecord) -> String {
    let mut text = line(&HEADS.map(str::to_owned));
    for group in &record.groups {
        if let Some(why) = &group.skipped {
            let mut fields = HEADS.map(|_| String::new());
            [fields[0], fields[1]] = [field(&group.strategy), field(group.order.word())];
            fields[HEADS.len() - 1] = field(why);
            text += &line(&fields);
        }
        for trial in &group.trials {
            text += &line(&trial_fields(group, trial));
        }
    }
    text
}

/// Writes `trials.csv` into the experiment's folder, atomically.
pub fn write_trials(folder: &Path, record: &ExperimentRecord) -> Result<(), ReportError> {
    let file = folder.join("trials.csv");
    write_whole(&file, trials_csv(record).as_bytes()).map_err(|source| ReportError::File { file, source })
}

fn trial_fields(group: &TrialGroup, trial: &Trial) -> [String; HEADS.len()] {
    let [producer, consumer] = [&trial.producer, &trial.consumer].map(start_fields);
    let [producer_0, producer_1, producer_2, producer_3, producer_4] = producer;
    let [consumer_0, consumer_1, consumer_2, consumer_3, consumer_4] = consumer;
    [
        field(&group.strategy),
        field(group.order.word()),
        trial.number.to_string(),
        field(&trial.namespace),
        field(&trial.pod),
        field(trial.outcome.word()),
        field(trial.outcome.detail()),
        trial.restarts.to_string(),
        number(trial.gap_by_clock()),
        number(trial.gap_by_event()),
        number(trial.gap_by_ticks()),
        producer_0,
        producer_1,
        producer_2,
        producer_3,
        producer_4,
        consumer_0,
        consumer_1,
        consumer_2,
        consumer_3,
        consumer_4,
        String::new(),
    ]
}

fn start_fields(start: &Start) -> [String; 5] {
    let Start { ticks, ticks_per_second, event_ns, realtime_ns, boottime_ns } = *start;
    [ticks, ticks_per_second, event_ns, realtime_ns, boottime_ns].map(number)
}

/// Formats a number; empty if it is unknown.
fn number(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Formats a text in one line, without terminal sequences, and quoted so that a spreadsheet does not take it for a
/// formula.
fn field(raw: &str) -> String {
    let text = visible_line(raw, LONGEST);
    let is_formula = text.starts_with(['=', '+', '-', '@']);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains([',', '"', ';']) || is_formula {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn line<const N: usize>(fields: &[String; N]) -> String {
    format!("{}\r\n", fields.join(","))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::field;

    #[rstest]
    #[case::plain("retry", "retry")]
    #[case::comma("a, b", "\"a, b\"")]
    #[case::quote("say \"a\"", "\"say \"\"a\"\"\"")]
    #[case::lines("a\r\nb", r"a\r\nb")]
    #[case::formula("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"")]
    #[case::formula_behind_space("  @SUM(A1)", "\"'@SUM(A1)\"")]
    #[case::minus("-1+1", "\"'-1+1\"")]
    #[case::escape("\u{1B}[2Ja", r"\u{1b}[2Ja")]
    #[case::tab_before_formula("\t=1", "\"'=1\"")]
    #[case::reordered("a\u{202E}b", r"a\u{202e}b")]
    fn a_field_is_harmless(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(field(raw), expected);
    }
}
