//! `podproof history trend`.

use anstyle::Style;
use podproof_core::history::{CaseAttempt, CaseOutcome, HistoryRun, changed_facts};
use podproof_core::report::{Columns, Styles};
use podproof_core::statistics::{ChangePoint, change_point};
use serde_json::json;

use super::args::{StoreArgs, TrendArgs};
use super::check::facts;
use super::stored::clean;
use super::tables::style;
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// The prior probability that a sequence of runs contains a change.
const PRIOR: f64 = 0.01;

/// One execution of the case, and the index of its run.
struct Execution<'a> {
    run: usize,
    attempt: &'a CaseAttempt,
}

/// Shows the results of one case over time.
pub fn trend(store_args: &StoreArgs, args: &TrendArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let (_, runs) = store_args.load(None, args.window)?;
    let seen: Vec<_> = runs
        .iter()
        .enumerate()
        .flat_map(|(run, kept)| kept.attempts.iter().map(move |attempt| Execution { run, attempt }))
        .filter(|seen| seen.attempt.key.to_string() == args.case || seen.attempt.key.case == args.case)
        .collect();
    if seen.is_empty() {
        return Err(Failure::NoCase(args.case.clone()));
    }
    output::print_either(|| text(&seen, &runs), &value(&seen, &runs), output_args)?;
    Ok(Code::Conformant)
}

fn text(seen: &[Execution<'_>], runs: &[HistoryRun]) -> String {
    let styles = Styles::coloured();
    let mut columns =
        Columns::new(&["BEGUN", "RUN", "OUTCOME", "SECONDS", "WHAT CHANGED"], styles.strong, &[3]);
    let mut before: Option<usize> = None;
    for Execution { run, attempt } in seen {
        let kept = &runs[*run];
        let changed =
            before.map(|before| changed_facts(&runs[before].facts, &kept.facts)).unwrap_or_default();
        before = Some(*run);
        columns.push(vec![
            (Style::new(), kept.started.strftime("%Y-%m-%d %H:%M").to_string()),
            (Style::new(), clean(&kept.id)),
            (style(attempt.outcome, &styles), attempt.outcome.word().to_owned()),
            (Style::new(), format!("{:.1}", attempt.seconds)),
            (Style::new(), facts(&changed)),
        ]);
    }
    let letters: String = seen.iter().map(|seen| letter(seen.attempt.outcome)).collect();
    format!("{}\n{letters}\n{}", columns.text(), change_line(seen, runs))
}

fn letter(outcome: CaseOutcome) -> char {
    match outcome {
        CaseOutcome::Pass => '.',
        CaseOutcome::Fail => 'F',
        CaseOutcome::Inconclusive => '?',
        CaseOutcome::Skip => 's',
    }
}

/// Finds the run since which the case fails more or less often, if that is more than 50 % probable. The indexes are the
/// most likely run and the bounds of the interval.
fn change(seen: &[Execution<'_>]) -> Option<(ChangePoint, [usize; 3])> {
    let conclusive: Vec<_> = seen
        .iter()
        .filter(|seen| matches!(seen.attempt.outcome, CaseOutcome::Pass | CaseOutcome::Fail))
        .collect();
    let failures: Vec<_> = conclusive.iter().map(|seen| seen.attempt.outcome == CaseOutcome::Fail).collect();
    let found = change_point(&failures, PRIOR).filter(|found| found.probability > 0.5)?;
    Some((found, [found.at, found.from, found.to].map(|at| conclusive[at].run)))
}

fn change_line(seen: &[Execution<'_>], runs: &[HistoryRun]) -> String {
    let Some((found, places)) = change(seen) else { return String::new() };
    let [at, from, to] = places.map(|run| clean(&runs[run].id));
    let probability = found.probability * 100.0;
    format!("changed with {at}, between {from} and {to}, with a probability of {probability:.0} %\n")
}

fn value(seen: &[Execution<'_>], runs: &[HistoryRun]) -> serde_json::Value {
    let executions: Vec<_> = seen
        .iter()
        .map(|Execution { run, attempt }| {
            let kept = &runs[*run];
            json!({
                "run": kept.id, "started": kept.started, "outcome": attempt.outcome,
                "seconds": attempt.seconds, "reason": attempt.reason, "facts": kept.facts,
            })
        })
        .collect();
    let change = change(seen).map(|(found, places)| {
        let [at, from, to] = places.map(|run| &runs[run].id);
        json!({ "at": at, "from": from, "to": to, "probability": found.probability })
    });
    json!({ "executions": executions, "change": change })
}
