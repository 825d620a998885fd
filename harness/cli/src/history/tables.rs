//! `podproof history list` and `show`.

use std::fmt::Write as _;

use anstyle::Style;
use podproof_core::history::{CaseAttempt, CaseOutcome, HistoryRun, Listed};
use podproof_core::report::{Columns, Styles};
use serde_json::json;

use super::args::{HistoryListArgs, ShowArgs, StoreArgs};
use super::stored::clean;
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// Lists runs.
pub fn list(
    store_args: &StoreArgs,
    args: &HistoryListArgs,
    output_args: &OutputArgs,
) -> Result<Code, Failure> {
    let runs = store_args.open()?.list(store_args.series.as_deref(), args.most)?;
    output::print_either(|| list_text(&runs), &json!({ "runs": runs }), output_args)?;
    Ok(Code::Conformant)
}

fn list_text(runs: &[Listed]) -> String {
    let styles = Styles::coloured();
    let heads = ["RUN", "SERIES", "BEGUN", "PASS", "FAIL", "INCONCLUSIVE", "SKIP", "MADE BY"];
    let mut columns = Columns::new(&heads, styles.strong, &[3, 4, 5, 6]);
    for run in runs {
        let plain = |words: String| (Style::new(), words);
        let fail = if run.fail > 0 { styles.bad } else { Style::new() };
        columns.push(vec![
            plain(clean(&run.run)),
            plain(clean(&run.series)),
            plain(run.started.strftime("%Y-%m-%d %H:%M").to_string()),
            plain(run.pass.to_string()),
            (fail, run.fail.to_string()),
            plain(run.inconclusive.to_string()),
            plain(run.skip.to_string()),
            plain(clean(&run.tool)),
        ]);
    }
    columns.text()
}

/// Shows a stored run.
pub fn show(store_args: &StoreArgs, args: &ShowArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let (_, runs) = store_args.load(Some(&args.run), 1)?;
    for run in &runs {
        output::print_either(|| run_text(run), &run_value(run), output_args)?;
    }
    Ok(Code::Conformant)
}

fn run_text(run: &HistoryRun) -> String {
    let begun = run.started.strftime("%Y-%m-%d %H:%M");
    let mut text = format!("{} begun {begun} UTC, made by {}\n", clean(&run.id), clean(&run.tool));
    // Writing into a string cannot fail.
    if let Some(why) = &run.interrupted {
        let _ = writeln!(text, "interrupted by {}", clean(why));
    }
    for (name, value) in &run.facts {
        let _ = writeln!(text, "  {}  {}", clean(name), clean(value));
    }
    let styles = Styles::coloured();
    let mut columns = Columns::new(&["OUTCOME", "CASE", "SECONDS", "WHAT"], styles.strong, &[2]);
    for attempt in &run.attempts {
        columns.push(vec![
            (style(attempt.outcome, &styles), attempt.outcome.word().to_owned()),
            (Style::new(), clean(&attempt.key.to_string())),
            (Style::new(), format!("{:.1}", attempt.seconds)),
            (Style::new(), clean(attempt.reason.as_deref().unwrap_or_default())),
        ]);
    }
    format!("{text}\n{}", columns.text())
}

fn run_value(run: &HistoryRun) -> serde_json::Value {
    let attempt = |attempt: &CaseAttempt| {
        json!({
            "case": attempt.key.case, "variant": attempt.key.variant, "revision": attempt.revision,
            "round": attempt.round, "attempt": attempt.number, "outcome": attempt.outcome, "seconds": attempt.seconds,
            "reason": attempt.reason, "signature": attempt.signature,
        })
    };
    json!({
        "run": run.id, "tool": run.tool, "started": run.started, "ended": run.ended,
        "interrupted": run.interrupted, "facts": run.facts,
        "executions": run.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

pub fn style(outcome: CaseOutcome, styles: &Styles) -> Style {
    match outcome {
        CaseOutcome::Pass => styles.good,
        CaseOutcome::Fail => styles.bad,
        CaseOutcome::Inconclusive => styles.inconclusive,
        CaseOutcome::Skip => styles.skipped,
    }
}
