//! `podproof history compare`.

use anstyle::Style;
use podproof_core::history::{self, CaseDifference, CaseResults, Comparison};
use podproof_core::report::{Columns, Styles};
use serde_json::json;

use super::args::{CompareArgs, StoreArgs};
use super::check::facts;
use super::stored::clean;
use super::tables::style;
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// Shows the differences between two runs, or between two groups of runs.
pub fn compare(
    store_args: &StoreArgs,
    args: &CompareArgs,
    output_args: &OutputArgs,
) -> Result<Code, Failure> {
    let (_, before) = store_args.load(Some(&args.before), args.runs)?;
    let (_, after) = store_args.load(Some(&args.after), args.runs)?;
    let comparison = history::compare(&before, &after);
    let value = json!({ "before": args.before, "after": args.after, "comparison": comparison });
    output::print_either(|| text(&comparison), &value, output_args)?;
    Ok(Code::Conformant)
}

fn text(comparison: &Comparison) -> String {
    let Comparison { changed, common, differences } = comparison;
    let mut text = String::new();
    if !changed.is_empty() {
        text = format!("{}\n\n", facts(changed));
    }
    if !differences.is_empty() {
        let styles = Styles::coloured();
        let mut columns = Columns::new(&["CASE", "BEFORE", "AFTER", "P"], styles.strong, &[]);
        for CaseDifference { key, before, after, p } in differences {
            let p = p.filter(|p| *p < 1.0).map_or_else(|| "-".to_owned(), |p| format!("{p:.1e}"));
            columns.push(vec![
                (Style::new(), clean(&key.to_string())),
                describe_results(before.as_ref(), &styles),
                describe_results(after.as_ref(), &styles),
                (Style::new(), p),
            ]);
        }
        text = text + &columns.text() + "\n";
    }
    format!("{text}cases that differ: {}; cases on both sides: {common}\n", differences.len())
}

fn describe_results(results: Option<&CaseResults>, styles: &Styles) -> (Style, String) {
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
    (style(worst, styles), words.join(", ") + &trials + &seconds)
}
