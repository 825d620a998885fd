//! Why a store could not be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::link::Refused;
use super::open::VERSION;
use super::place::Place;
#[cfg(feature = "postgres")]
use super::postgresql;
use super::sqlite;

/// The store could not be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no history in {store}")]
    Missing {
        /// Where it would be.
        store: Place,
    },
    /// The file system refused.
    #[error("make the history {}", file.display())]
    Made {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is something else.
    #[error("what is in {store} is no history of podproof")]
    Foreign {
        /// Where it is.
        store: Place,
    },
    /// It was written by a newer program.
    #[error("the history {store} has version {found}, this program knows {VERSION}")]
    Newer {
        /// Where it is.
        store: Place,
        /// Its version.
        found: i64,
    },
    /// It was written by an older program.
    #[error("the history {store} has version {found}, this program knows {VERSION}")]
    Older {
        /// Where it is.
        store: Place,
        /// Its version.
        found: i64,
    },
    /// A statement failed.
    #[error("{action} in the history {store}")]
    Statement {
        /// What was to be done.
        action: &'static str,
        /// Where it is.
        store: Place,
        /// What the database said.
        source: Refused,
    },
    /// The URL of a database is not understood.
    #[error("the URL {store} is not understood")]
    Address {
        /// The URL.
        store: Place,
    },
    /// The database is not to be had.
    #[error("connect to {store}")]
    Unreachable {
        /// Where it is.
        store: Place,
        /// Why.
        source: Refused,
    },
    /// Certificates to trust could not be read.
    #[cfg(feature = "postgres")]
    #[error("read certificates in {}", file.display())]
    Roots {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// TLS could not be prepared.
    #[cfg(feature = "postgres")]
    #[error("prepare TLS")]
    Tls(#[source] rustls::Error),
    /// The program knows nothing of PostgreSQL.
    #[cfg(not(feature = "postgres"))]
    #[error("{store} is a database of PostgreSQL, which this program was built without")]
    WithoutPostgres {
        /// Where it is.
        store: Place,
    },
    /// No run is called so.
    #[error("no run `{run}` in {}", in_series(series.as_deref()))]
    NoRun {
        /// What was asked for.
        run: String,
        /// The series, where one was named.
        series: Option<String>,
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
    /// There is no run at all.
    #[error("no run in the history")]
    Empty,
    /// More than one series can be meant.
    #[error("the history has more than one series")]
    ManySeries {
        /// Those.
        known: Vec<String>,
    },
}

fn in_series(series: Option<&str>) -> String {
    series.map_or_else(|| "the history".to_owned(), |series| format!("the series `{series}` of the history"))
}

impl StoreError {
    /// What a database refuses because what it has is none of ours is told so.
    pub(super) fn failed(action: &'static str, store: &Place, source: Refused) -> Self {
        let is_foreign = match &source {
            Refused::Sqlite(error) => sqlite::is_foreign(error),
            #[cfg(feature = "postgres")]
            Refused::Postgres(error) => postgresql::is_foreign(error),
            Refused::Value { .. } => true,
        };
        let store = store.clone();
        if is_foreign { Self::Foreign { store } } else { Self::Statement { action, store, source } }
    }

    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("`podproof history add RUN` makes one of a run's folder".to_owned()),
            Self::Made { .. } => Some("name another file with --store".to_owned()),
            Self::Foreign { store: Place::File(_) } => Some("name the right file with --store".to_owned()),
            Self::Foreign { .. } => Some(
                "name another database with --store: the schema `podproof` of this one is in use".to_owned(),
            ),
            Self::Address { .. } => Some(
                "write postgres://USER:PASSWORD@HOST:PORT/DATABASE, what is special in a password as %40, and after \
                 a question mark parameters of PostgreSQL, with sslmode=disable, prefer, require or verify-full"
                    .to_owned(),
            ),
            #[cfg(feature = "postgres")]
            Self::Unreachable { source: Refused::Postgres(error), .. } => {
                Some(postgresql::remedy(error).to_owned())
            }
            Self::Unreachable { .. } => None,
            #[cfg(feature = "postgres")]
            Self::Roots { .. } => Some("name a PEM file with sslrootcert=FILE".to_owned()),
            #[cfg(feature = "postgres")]
            Self::Tls(_) => None,
            #[cfg(not(feature = "postgres"))]
            Self::WithoutPostgres { .. } => Some("name a file with --store".to_owned()),
            Self::Newer { .. } => {
                Some("use a newer podproof, or make a new store of the run folders with --store".to_owned())
            }
            Self::Older { store, .. } => Some(format!(
                "{}; then `podproof history add` makes it anew from the folders of the runs",
                match store {
                    Place::File(file) => format!("move {} away", file.display()),
                    Place::Database(_) => "drop its schema `podproof`".to_owned(),
                }
            )),
            Self::NoRun { .. } => Some("`podproof history list` shows the runs".to_owned()),
            Self::ManyRuns { .. } => Some("write more of the id".to_owned()),
            Self::Empty => Some("`podproof history add RUN` adds a run's folder".to_owned()),
            Self::NoSeries { known, .. } if known.is_empty() => Self::Empty.hint(),
            Self::NoSeries { known, .. } | Self::ManySeries { known } => {
                Some(format!("name one of its series with --series: {}", known.join(", ")))
            }
            Self::Statement { .. } => None,
        }
    }
}
