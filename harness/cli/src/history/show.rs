//! `podproof history list`, `show`, `compare` and `trend`.

use podproof_core::history::{self, CaseTrend};
use podproof_core::report::{Styles, comparison_text, run_list, run_text, trend_text};
use serde_json::json;

use super::args::{CompareArgs, HistoryListArgs, ShowArgs, StoreArgs, TrendArgs};
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
    output::print_either(|| run_list(&runs, &Styles::coloured()), &json!({ "runs": runs }), output_args)?;
    Ok(Code::Success)
}

/// Shows a stored run.
pub fn show(store_args: &StoreArgs, args: &ShowArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let (_, runs) = store_args.load(Some(&args.run), 1)?;
    for run in &runs {
        output::print_either(|| run_text(run, &Styles::coloured()), run, output_args)?;
    }
    Ok(Code::Success)
}

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
    output::print_either(|| comparison_text(&comparison, &Styles::coloured()), &value, output_args)?;
    Ok(Code::Success)
}

/// Shows the results of one case over time.
pub fn trend(store_args: &StoreArgs, args: &TrendArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let (_, runs) = store_args.load(None, args.window)?;
    let trend = CaseTrend::of(&args.case, &runs).ok_or_else(|| Failure::NoCase(args.case.clone()))?;
    output::print_either(|| trend_text(&trend, &Styles::coloured()), &trend, output_args)?;
    Ok(Code::Success)
}
