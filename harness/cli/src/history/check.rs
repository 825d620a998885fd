//! `podproof history check` and `flaky`.

use podproof_core::history::regression::{ChangeKind, Rules, Waivers, read_waivers, review_run};
use podproof_core::report::{Styles, changes_table, review_text};
use serde_json::json;

use super::args::{FlakyArgs, HistoryCheckArgs, StoreArgs};
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// Shows what changed in a run.
pub fn check(
    store_args: &StoreArgs,
    args: &HistoryCheckArgs,
    output_args: &OutputArgs,
) -> Result<Code, Failure> {
    let waivers = args.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let (series, runs) = store_args.load(args.run.as_deref(), args.window)?;
    let Some(review) = review_run(&runs, &waivers, &Rules::default()) else {
        return Ok(Code::Success);
    };
    let value = json!({ "series": series, "judgement": review.result(), "report": review });
    output::print_either(|| review_text(&review, &series, &Styles::coloured()), &value, output_args)?;
    Ok(review.result().into())
}

/// Lists the flaky cases.
pub fn flaky(store_args: &StoreArgs, args: &FlakyArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let flake_runs = usize::try_from(args.runs).unwrap_or(usize::MAX);
    let rules = Rules { flake_runs, ..Rules::default() };
    // Not every run contains every case.
    let (_, runs) = store_args.load(None, args.runs.saturating_mul(2))?;
    let review = review_run(&runs, &Waivers::default(), &rules);
    let mut flaky = review.map(|review| review.changes).unwrap_or_default();
    flaky.retain(|change| matches!(change.kind, ChangeKind::Flaky { .. }));
    let value = json!({ "flaky": flaky });
    output::print_either(|| changes_table(&flaky, &Styles::coloured()), &value, output_args)?;
    Ok(Code::Success)
}
