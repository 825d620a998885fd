//! The review of a run on stdout: what changed since earlier runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::columns::Columns;
use super::style::Styles;
use crate::history::regression::{CaseChange, ChangeRange, RunReview};
use crate::report::changes::{describe_change, describe_facts, describe_health, stored_line};
use crate::report::text::counted;

/// Renders the review of a run of `series`: its health, its changes, and a summary line.
#[must_use]
pub fn review_text(review: &RunReview, series: &str, styles: &Styles) -> String {
    let RunReview { run, compared_runs, health, changed_facts, changes, expired } = review;
    let mut text = format!(
        "{} of {}, compared with {} of the series {}\n",
        stored_line(&run.id),
        run.started.strftime("%Y-%m-%d"),
        counted(*compared_runs, "run"),
        stored_line(series)
    );
    // Writing into a string cannot fail.
    if !changed_facts.is_empty() {
        let _ = writeln!(text, "since the run before: {}", describe_facts(changed_facts));
    }
    if let Some(why) = describe_health(health) {
        let _ = writeln!(text, "{why}");
    }
    if !changes.is_empty() {
        text = text + "\n" + &changes_table(changes, styles) + &ranges(changes);
    }
    for waiver in expired {
        let (owner, case) = (stored_line(&waiver.owner), stored_line(&waiver.case));
        let (day, reason) = (waiver.expires, stored_line(&waiver.reason));
        let _ = writeln!(text, "the waiver of {owner} for {case} expired on {day}: {reason}");
    }
    text + "\n" + &summary(review)
}

/// Renders changes of cases as a table.
#[must_use]
pub fn changes_table(changes: &[CaseChange], styles: &Styles) -> String {
    let mut columns = Columns::new(&["NEWS", "CASE", "SINCE", "WHAT"], styles.strong, &[]);
    for change in changes {
        let style =
            if change.waiver.is_some() { styles.faint } else { styles.of_severity(change.kind.severity()) };
        let since = change.kind.range().map(|range| stored_line(&range.first_bad.id));
        columns.push(vec![
            (style, change.kind.label().to_owned()),
            (Style::new(), stored_line(&change.key.to_string())),
            (Style::new(), since.unwrap_or_else(|| "-".to_owned())),
            (Style::new(), describe_change(change, stored_line)),
        ]);
    }
    columns.text()
}

/// Lists the changes of the environment, each once with the number of cases that changed at the same time.
fn ranges(changes: &[CaseChange]) -> String {
    let mut counts: BTreeMap<(&str, &str), (usize, &ChangeRange)> = BTreeMap::new();
    for range in changes.iter().filter_map(|change| change.kind.range()) {
        if let Some(good) = range.last_good.as_ref().filter(|_| !range.changed_facts.is_empty()) {
            counts.entry((&good.id, &range.first_bad.id)).or_insert((0, range)).0 += 1;
        }
    }
    let line = |((good, bad), (cases, range)): (&(&str, &str), &(usize, &ChangeRange))| {
        let (good, bad) = (stored_line(good), stored_line(bad));
        let facts = describe_facts(&range.changed_facts);
        format!("after {good}, with {bad} ({cases} of these cases): {facts}\n")
    };
    counts.iter().map(line).collect()
}

fn summary(review: &RunReview) -> String {
    let word = review.result().word();
    let counts = review.label_counts();
    let counts: Vec<_> = counts.iter().map(|(label, count)| format!("{count} {label}")).collect();
    if counts.is_empty() { format!("{word}\n") } else { format!("{word} ({})\n", counts.join(", ")) }
}
