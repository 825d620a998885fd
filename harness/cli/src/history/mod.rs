//! `podproof history`: stores and compares runs. Needs no cluster.
//!
//! Stored texts come from clusters and imported files, so `clean` must be applied before they are printed.

mod args;
mod baseline;
mod check;
mod show;
mod stored;

use podproof_core::history::{
    Added, DEFAULT_SERIES, ErrorMeaning, HistoryRun, ImportOptions, Store, import_junit, series_of,
};
use podproof_core::record::read_record;

pub use self::args::HistoryArgs;
use self::args::{AddArgs, Errors, HistoryCommand, ImportArgs, StoreArgs};
pub use self::baseline::BaselineArgs;
use self::stored::clean;
pub use self::stored::renames;
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};

/// Runs a `podproof history` command.
pub fn history(args: &HistoryArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let store_args = &args.store;
    match &args.command {
        HistoryCommand::Add(args) => add(store_args, args),
        HistoryCommand::Import(args) => import(store_args, args),
        HistoryCommand::List(args) => show::list(store_args, args, output_args),
        HistoryCommand::Show(args) => show::show(store_args, args, output_args),
        HistoryCommand::Compare(args) => show::compare(store_args, args, output_args),
        HistoryCommand::Check(args) => check::check(store_args, args, output_args),
        HistoryCommand::Flaky(args) => check::flaky(store_args, args, output_args),
        HistoryCommand::Trend(args) => show::trend(store_args, args, output_args),
    }
}

fn add(store_args: &StoreArgs, args: &AddArgs) -> Result<Code, Failure> {
    // Read all records first, so that an invalid folder is reported before anything is written.
    let runs: Result<Vec<_>, _> = args.runs.iter().map(|folder| read_record(folder)).collect();
    let runs = runs?.iter().map(|record| (series_of(record).to_owned(), HistoryRun::of(record))).collect();
    add_runs(store_args, runs)
}

fn import(store_args: &StoreArgs, args: &ImportArgs) -> Result<Code, Failure> {
    let errors = match args.errors {
        Errors::Inconclusive => ErrorMeaning::Inconclusive,
        Errors::Failures => ErrorMeaning::Failures,
    };
    let facts = args.facts.iter().cloned().collect();
    let options = ImportOptions { run: args.run.clone(), errors, facts };
    let runs: Result<Vec<_>, _> = match options.run {
        Some(_) => import_junit(&args.files, &options).map(|run| vec![run]),
        None => args.files.iter().map(|file| import_junit(std::slice::from_ref(file), &options)).collect(),
    };
    add_runs(store_args, runs?.into_iter().map(|run| (DEFAULT_SERIES.to_owned(), run)).collect())
}

/// Stores runs, each in the series named with `--series`, or in its own default series.
fn add_runs(store_args: &StoreArgs, runs: Vec<(String, HistoryRun)>) -> Result<Code, Failure> {
    let mut store = Store::open_or_create(&store_args.location()?)?;
    for (default_series, run) in runs {
        let series = store_args.series.as_deref().unwrap_or(&default_series);
        let done = match store.add(series, &run)? {
            Added::New => "kept",
            Added::Again => "kept again",
        };
        let (id, series) = (clean(&run.id), clean(series));
        let count = run.attempts.len();
        tracing::info!(target: "podproof::progress", "{done} {id} with {count} executions in the series {series}");
    }
    Ok(Code::Success)
}
