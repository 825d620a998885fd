//! A run in the list of runs.

use jiff::Timestamp;
use serde::Serialize;

use super::tally::Tally;

/// A run in the list of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedRun {
    /// Its series.
    pub series: String,
    /// Its id.
    pub run: String,
    /// The program or format that it comes from.
    pub tool: String,
    /// When it started.
    pub started: Timestamp,
    /// Its executions, counted by outcome.
    #[serde(flatten)]
    pub tally: Tally,
}
