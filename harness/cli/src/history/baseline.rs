//! The comparison with earlier runs in the reports. Reads the store and adds no run to it.

use clap::Args as Group;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use podproof_core::history::regression::HistoryComparison;
use podproof_core::history::{HistoryRun, Renames, StoreError, StoreLocation, series_of};
use podproof_core::record::RunRecord;

use super::args::StoreArgs;
use super::stored::clean;
use crate::exit::Failure;

/// How many runs are examined; the default of `podproof history check`.
const WINDOW: u32 = 400;

/// The earlier runs to compare with in the reports.
#[derive(Clone, Debug, Group)]
pub struct BaselineArgs {
    /// Show in the reports what changed since the runs in this store of `podproof history`
    // The value may contain a password, so it must not appear in the help text.
    #[arg(
        long, value_name = "FILE|URL", env = "PODPROOF_HISTORY", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(StoreLocation::from)
    )]
    pub history: Option<StoreLocation>,
    /// Series of runs in the store to compare with [default: the name of the run's cluster]
    #[arg(long, value_name = "NAME", env = "PODPROOF_SERIES")]
    pub series: Option<String>,
}

impl BaselineArgs {
    /// Compares `record` with the earlier runs, in which the cases get the current ids of `renames`; `None` if no store
    /// is named or it has no earlier runs.
    pub fn read(&self, record: &RunRecord, renames: &Renames) -> Result<Option<HistoryComparison>, Failure> {
        let Some(store) = &self.history else { return Ok(None) };
        let series = self.series.as_deref().unwrap_or_else(|| series_of(record)).to_owned();
        let store_args =
            StoreArgs { store: Some(store.clone()), series: Some(series.clone()), manifests: None };
        let stored = match store_args.load_renamed(None, WINDOW, renames) {
            Ok((_, runs)) => runs,
            // There is nothing to compare with until the first run is stored.
            Err(Failure::History(error @ (StoreError::Missing { .. } | StoreError::NoSeries { .. }))) => {
                let why = clean(&error.to_string());
                tracing::info!(target: "podproof::progress", "the reports show no earlier runs: {why}");
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        Ok(HistoryComparison::of(&series, HistoryRun::of(record), stored))
    }
}
