//! Why a store could not be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::open::VERSION;

/// The store could not be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no history in {}", file.display())]
    Missing {
        /// Where it would be.
        file: PathBuf,
    },
    /// The file system refused.
    #[error("make the history {}", file.display())]
    Made {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is no history of podproof", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file was written by a newer program.
    #[error("the history {} has version {found}, this program knows up to {VERSION}", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A statement failed.
    #[error("{action} in the history {}", file.display())]
    Statement {
        /// What was to be done.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// No run is called so.
    #[error("no run `{run}` in the series `{series}` of the history")]
    NoRun {
        /// What was asked for.
        run: String,
        /// The series.
        series: String,
    },
    /// More than one run is called so.
    #[error("`{run}` begins the ids of more than one run in the series `{series}`")]
    ManyRuns {
        /// What was asked for.
        run: String,
        /// The series.
        series: String,
    },
    /// The series has no run.
    #[error("no run in the series `{series}` of the history")]
    NoSeries {
        /// What was asked for.
        series: String,
        /// The series that there are.
        known: Vec<String>,
    },
}

impl StoreError {
    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("`podproof history add RUN` makes one of a run's folder".to_owned()),
            Self::Made { .. } => Some("name another file with --store".to_owned()),
            Self::Foreign { .. } => Some("name the right file with --store".to_owned()),
            Self::Newer { .. } => {
                Some("use a newer podproof, or make a new store of the run folders with --store".to_owned())
            }
            Self::NoRun { .. } => Some("`podproof history list` shows the runs".to_owned()),
            Self::ManyRuns { .. } => Some("write more of the id".to_owned()),
            Self::NoSeries { known, .. } if known.is_empty() => {
                Some("`podproof history add RUN` adds a run's folder".to_owned())
            }
            Self::NoSeries { known, .. } => {
                Some(format!("name one of its series with --series: {}", known.join(", ")))
            }
            Self::Statement { .. } => None,
        }
    }
}
