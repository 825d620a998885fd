//! `podproof history trend`.

use anstyle::Style;
use podproof::history::statistics::{ChangePoint, change_point};
use podproof::history::{Attempt, KeptRun, Outcome, changed_facts};
use podproof::report::{Columns, Styles};
use serde_json::json;

use super::args::{Keep, TrendArgs};
use super::check::facts;
use super::clean;
use super::tables::style;
use crate::args::Talk;
use crate::exit::{Code, Failure};
use crate::output;

/// How many sequences of nights have a change in them: one in a hundred.
const PRIOR: f64 = 0.01;

/// One execution, and its run's place.
struct Seen<'a> {
    run: usize,
    attempt: &'a Attempt,
}

/// Shows how one case fared.
pub fn trend(keep: &Keep, order: &TrendArgs, talk: &Talk) -> Result<Code, Failure> {
    let (_, runs) = keep.load(None, order.window)?;
    let seen: Vec<_> = runs
        .iter()
        .enumerate()
        .flat_map(|(run, kept)| kept.attempts.iter().map(move |attempt| Seen { run, attempt }))
        .filter(|seen| seen.attempt.key.to_string() == order.case || seen.attempt.key.case == order.case)
        .collect();
    if seen.is_empty() {
        return Err(Failure::NoCase(order.case.clone()));
    }
    output::print_either(|| text(&seen, &runs), &value(&seen, &runs), talk)?;
    Ok(Code::Conformant)
}

fn text(seen: &[Seen<'_>], runs: &[KeptRun]) -> String {
    let styles = Styles::coloured();
    let mut columns =
        Columns::new(&["BEGUN", "RUN", "OUTCOME", "SECONDS", "WHAT CHANGED"], styles.strong, &[3]);
    let mut before: Option<usize> = None;
    for Seen { run, attempt } in seen {
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
    let strip: String = seen.iter().map(|seen| letter(seen.attempt.outcome)).collect();
    format!("{}\n{strip}\n{}", columns.text(), change_line(seen, runs))
}

fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Pass => '.',
        Outcome::Fail => 'F',
        Outcome::Inconclusive => '?',
        Outcome::Skip => 's',
    }
}

/// Where the case began to fail more often, or less often, if it is likelier than not that it did.
fn change(seen: &[Seen<'_>]) -> Option<(ChangePoint, [usize; 3])> {
    let telling: Vec<_> =
        seen.iter().filter(|seen| matches!(seen.attempt.outcome, Outcome::Pass | Outcome::Fail)).collect();
    let failures: Vec<_> = telling.iter().map(|seen| seen.attempt.outcome == Outcome::Fail).collect();
    let found = change_point(&failures, PRIOR).filter(|found| found.probability > 0.5)?;
    Some((found, [found.at, found.from, found.to].map(|at| telling[at].run)))
}

fn change_line(seen: &[Seen<'_>], runs: &[KeptRun]) -> String {
    let Some((found, places)) = change(seen) else { return String::new() };
    let [at, from, to] = places.map(|run| clean(&runs[run].id));
    let probability = found.probability * 100.0;
    format!("changed with {at}, between {from} and {to}, with a probability of {probability:.0} %\n")
}

fn value(seen: &[Seen<'_>], runs: &[KeptRun]) -> serde_json::Value {
    let executions: Vec<_> = seen
        .iter()
        .map(|Seen { run, attempt }| {
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
