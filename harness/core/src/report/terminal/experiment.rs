//! The report of an experiment on stdout.

use std::path::Path;

use anstyle::Style;

use super::columns::Columns;
use super::style::Styles;
use crate::report::text::{counted, visible_line};
use crate::statistics::{Distribution, Share};
use crate::trials::{ExperimentRecord, Measured, TrialGroup};

/// The longest text in a line, in characters.
const LONGEST: usize = 200;

/// Renders an experiment for a terminal: the shares, the delays between starts, the skipped groups, the inconclusive
/// trials, the faults and a summary line. `folder` is the experiment's.
#[must_use]
pub fn experiment_table(record: &ExperimentRecord, folder: &Path, styles: &Styles) -> String {
    let measured = || record.groups.iter().filter(|group| group.skipped.is_none());
    format!(
        "{}\ndelay from the producer's start to the consumer's start, in ms (negative: the consumer started first)\n{}\n{}{}\n",
        shares(measured(), styles).text(),
        gaps(measured(), styles).text(),
        notes(record),
        last_line(record, folder),
    )
}

fn shares<'r>(groups: impl Iterator<Item = &'r TrialGroup>, styles: &Styles) -> Columns {
    let heads = ["STRATEGY", "ORDER", "TRIALS", "COMPLETED", "95 % INTERVAL", "LOST", "HUNG", "INCONCLUSIVE"];
    let mut columns = Columns::new(&heads, styles.strong, &[2, 3, 4, 5, 6, 7]);
    for group in groups {
        let Measured { completed, lost, hung, inconclusive, .. } = &group.measured;
        let style = if *inconclusive > 0 { styles.inconclusive } else { Style::new() };
        columns.push(vec![
            (Style::new(), visible_line(&group.strategy, LONGEST)),
            (Style::new(), group.order.to_string()),
            (Style::new(), group.trials.len().to_string()),
            (Style::new(), completed.map_or_else(no_value, |share| percent(share.share))),
            (Style::new(), completed.map_or_else(no_value, interval)),
            (Style::new(), lost.to_string()),
            (Style::new(), hung.to_string()),
            (style, inconclusive.to_string()),
        ]);
    }
    columns
}

fn gaps<'r>(groups: impl Iterator<Item = &'r TrialGroup>, styles: &Styles) -> Columns {
    let heads = ["STRATEGY", "ORDER", "STARTS", "MIN", "P50", "P90", "P99", "MAX"];
    let mut columns = Columns::new(&heads, styles.strong, &[2, 3, 4, 5, 6, 7]);
    for group in groups {
        let gap = group.measured.gap_by_clock_ms;
        let cell = |value: fn(&Distribution) -> f64| {
            (Style::new(), gap.as_ref().map_or_else(no_value, |gap| format!("{:.1}", value(gap))))
        };
        columns.push(vec![
            (Style::new(), visible_line(&group.strategy, LONGEST)),
            (Style::new(), group.order.to_string()),
            (Style::new(), gap.map_or(0, |gap| gap.count).to_string()),
            cell(|gap| gap.min),
            cell(|gap| gap.p50),
            cell(|gap| gap.p90),
            cell(|gap| gap.p99),
            cell(|gap| gap.max),
        ]);
    }
    columns
}

/// The skipped groups, the inconclusive trials and the faults, one line each.
fn notes(record: &ExperimentRecord) -> String {
    let mut lines = Vec::new();
    for group in &record.groups {
        let name = format!("{} {}", group.strategy, group.order);
        lines.extend(group.skipped.as_ref().map(|why| format!("skipped: {name}: {why}")));
        let inconclusive = group.trials.iter().filter(|trial| trial.outcome.word() == "inconclusive");
        lines.extend(
            inconclusive
                .map(|trial| format!("inconclusive: {name} {}: {}", trial.number, trial.outcome.detail())),
        );
    }
    lines.extend(record.faults.iter().map(|fault| format!("fault: {fault}")));
    let lines: Vec<_> = lines.iter().map(|line| visible_line(line, LONGEST) + "\n").collect();
    if lines.is_empty() { String::new() } else { lines.concat() + "\n" }
}

fn last_line(record: &ExperimentRecord, folder: &Path) -> String {
    let trials = record.groups.iter().map(|group| group.trials.len()).sum();
    let wall = record.ended.duration_since(record.started).as_secs_f64();
    let interrupted =
        record.interrupted.as_deref().map(|by| format!(", interrupted by {by}")).unwrap_or_default();
    let line = format!(
        "{}, {} in parallel, after {wall:.1} s on {}, evidence in {}{interrupted}",
        counted(trials, "trial"),
        record.parallel,
        record.cluster.version,
        folder.display()
    );
    visible_line(&line, 2 * LONGEST)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn interval(share: Share) -> String {
    format!("{:.1} to {:.1} %", share.low * 100.0, share.high * 100.0)
}

fn no_value() -> String {
    "-".to_owned()
}
