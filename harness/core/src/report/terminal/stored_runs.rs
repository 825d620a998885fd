//! Stored runs on stdout: a list of runs, one run, one case over time, and two groups of runs.

use std::fmt::Write as _;

use anstyle::Style;

use super::columns::Columns;
use super::style::Styles;
use crate::history::{
    CaseDifference, CaseOutcome, CaseResults, CaseTrend, Comparison, EnvironmentFacts, Execution, HistoryRun,
    ListedRun, TrendChange, changed_facts,
};
use crate::report::changes::{describe_facts, stored_line};

/// Renders a list of runs.
#[must_use]
pub fn run_list(runs: &[ListedRun], styles: &Styles) -> String {
    let heads = ["RUN", "SERIES", "BEGUN", "PASS", "FAIL", "INCONCLUSIVE", "SKIP", "MADE BY"];
    let mut columns = Columns::new(&heads, styles.strong, &[3, 4, 5, 6]);
    for ListedRun { series, run, tool, started, tally } in runs {
        let fail = if tally.fail > 0 { styles.bad } else { Style::new() };
        columns.push(vec![
            (Style::new(), stored_line(run)),
            (Style::new(), stored_line(series)),
            (Style::new(), started.strftime("%Y-%m-%d %H:%M").to_string()),
            (Style::new(), tally.pass.to_string()),
            (fail, tally.fail.to_string()),
            (Style::new(), tally.inconclusive.to_string()),
            (Style::new(), tally.skip.to_string()),
            (Style::new(), stored_line(tool)),
        ]);
    }
    columns.text()
}

/// Renders a run: its environment and its executions.
#[must_use]
pub fn run_text(run: &HistoryRun, styles: &Styles) -> String {
    let begun = run.started.strftime("%Y-%m-%d %H:%M");
    let mut text =
        format!("{} begun {begun} UTC, made by {}\n", stored_line(&run.id), stored_line(&run.tool));
    // Writing into a string cannot fail.
    if let Some(why) = &run.interrupted {
        let _ = writeln!(text, "interrupted by {}", stored_line(why));
    }
    for (name, value) in &run.facts {
        let _ = writeln!(text, "  {}  {}", stored_line(name), stored_line(value));
    }
    let mut columns = Columns::new(&["OUTCOME", "CASE", "SECONDS", "WHAT"], styles.strong, &[2]);
    for attempt in &run.attempts {
        columns.push(vec![
            (styles.of_outcome(attempt.outcome), attempt.outcome.word().to_owned()),
            (Style::new(), stored_line(&attempt.key.to_string())),
            (Style::new(), format!("{:.1}", attempt.seconds)),
            (Style::new(), stored_line(attempt.reason.as_deref().unwrap_or_default())),
        ]);
    }
    format!("{text}\n{}", columns.text())
}

/// Renders the results of one case over time: a table, a letter for each execution, and since when they differ.
#[must_use]
pub fn trend_text(trend: &CaseTrend<'_>, styles: &Styles) -> String {
    let heads = ["BEGUN", "RUN", "OUTCOME", "SECONDS", "WHAT CHANGED"];
    let mut columns = Columns::new(&heads, styles.strong, &[3]);
    let mut before: Option<&EnvironmentFacts> = None;
    for Execution { run, started, outcome, seconds, facts, .. } in &trend.executions {
        let changed = before.map(|before| changed_facts(before, facts)).unwrap_or_default();
        before = Some(*facts);
        columns.push(vec![
            (Style::new(), started.strftime("%Y-%m-%d %H:%M").to_string()),
            (Style::new(), stored_line(run)),
            (styles.of_outcome(*outcome), outcome.word().to_owned()),
            (Style::new(), format!("{seconds:.1}")),
            (Style::new(), describe_facts(&changed)),
        ]);
    }
    let letters: String = trend.executions.iter().map(|execution| letter(execution.outcome)).collect();
    format!("{}\n{letters}\n{}", columns.text(), trend.change.as_ref().map(trend_change).unwrap_or_default())
}

fn letter(outcome: CaseOutcome) -> char {
    match outcome {
        CaseOutcome::Pass => '.',
        CaseOutcome::Fail => 'F',
        CaseOutcome::Inconclusive => '?',
        CaseOutcome::Skip => 's',
    }
}

fn trend_change(TrendChange { at, from, to, probability }: &TrendChange<'_>) -> String {
    let [at, from, to] = [at, from, to].map(|run| stored_line(run));
    let percent = probability * 100.0;
    format!("changed with {at}, between {from} and {to}, with a probability of {percent:.0} %\n")
}

/// Renders the differences between two groups of runs.
#[must_use]
pub fn comparison_text(comparison: &Comparison, styles: &Styles) -> String {
    let Comparison { changed_facts, common, differences } = comparison;
    let mut text = String::new();
    if !changed_facts.is_empty() {
        text = format!("{}\n\n", describe_facts(changed_facts));
    }
    if !differences.is_empty() {
        let mut columns = Columns::new(&["CASE", "BEFORE", "AFTER", "P"], styles.strong, &[]);
        for CaseDifference { key, before, after, p } in differences {
            let p = p.filter(|p| *p < 1.0).map_or_else(|| "-".to_owned(), |p| format!("{p:.1e}"));
            columns.push(vec![
                (Style::new(), stored_line(&key.to_string())),
                results_cell(before.as_ref(), styles),
                results_cell(after.as_ref(), styles),
                (Style::new(), p),
            ]);
        }
        text = text + &columns.text() + "\n";
    }
    format!("{text}cases that differ: {}; cases on both sides: {common}\n", differences.len())
}

fn results_cell(results: Option<&CaseResults>, styles: &Styles) -> (Style, String) {
    let Some(CaseResults { tally, trials, seconds }) = results else {
        return (styles.skipped, "not there".to_owned());
    };
    let Some(worst) = tally.worst() else { return (Style::new(), "-".to_owned()) };
    let counts = [
        (tally.pass, "pass"),
        (tally.fail, "fail"),
        (tally.inconclusive, "inconclusive"),
        (tally.skip, "skip"),
    ];
    let words: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| if tally.all() == 1 { (*word).to_owned() } else { format!("{count} {word}") })
        .collect();
    let trials = match trials.all() {
        all if all == tally.all() => String::new(),
        1 => " in 1 trial".to_owned(),
        all => format!(" in {all} trials"),
    };
    let seconds = seconds.map(|seconds| format!(" {seconds:.1} s")).unwrap_or_default();
    (styles.of_outcome(worst), words.join(", ") + &trials + &seconds)
}
