//! Errors of the store.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::database_error::DatabaseError;
#[cfg(feature = "postgres")]
use super::database_error::connection_hint;
use super::location::StoreLocation;
use super::migrations::VERSION;

/// The store could not be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no store.
    #[error("there is no history in {store}")]
    Missing {
        /// Its location.
        store: StoreLocation,
    },
    /// The file of a new store could not be created.
    #[error("create the history {}", file.display())]
    Create {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file or database has other content.
    #[error("{store} is not a podproof history")]
    Foreign {
        /// Its location.
        store: StoreLocation,
    },
    /// The store was written by a newer program.
    #[error("the history {store} has version {found}, this program supports version {VERSION}")]
    Newer {
        /// Its location.
        store: StoreLocation,
        /// Its version.
        found: i64,
    },
    /// The store was written by an older program and could not be upgraded. It is unchanged.
    #[error("upgrade the history {store} from version {found} to {VERSION}")]
    Upgrade {
        /// Its location.
        store: StoreLocation,
        /// Its version.
        found: i64,
        /// The error of the database.
        source: DatabaseError,
    },
    /// A statement failed.
    #[error("{action} in the history {store}")]
    Statement {
        /// The operation that failed.
        action: &'static str,
        /// Its location.
        store: StoreLocation,
        /// The error of the database.
        source: DatabaseError,
    },
    /// The URL of the database is invalid.
    #[error("the URL {store} is invalid")]
    Address {
        /// The URL.
        store: StoreLocation,
    },
    /// The connection to the database failed.
    #[error("connect to {store}")]
    Unreachable {
        /// Its location.
        store: StoreLocation,
        /// Why.
        source: DatabaseError,
    },
    /// The root certificates could not be read.
    #[cfg(feature = "postgres")]
    #[error("read certificates in {}", file.display())]
    Roots {
        /// The file.
        file: PathBuf,
        /// The error in the file.
        source: rustls::pki_types::pem::Error,
    },
    /// TLS could not be configured.
    #[cfg(feature = "postgres")]
    #[error("configure TLS")]
    Tls(#[source] rustls::Error),
    /// The program was built without PostgreSQL.
    #[cfg(not(feature = "postgres"))]
    #[error("{store} is a PostgreSQL database, but this program was built without PostgreSQL")]
    WithoutPostgres {
        /// Its location.
        store: StoreLocation,
    },
    /// No run has this id.
    #[error("no run `{run}` in {}", in_series(series.as_deref()))]
    NoRun {
        /// The requested id.
        run: String,
        /// The series, if one was named.
        series: Option<String>,
    },
    /// More than one run has an id with this prefix.
    #[error("more than one run in the series `{series}` has an id that begins with `{run}`")]
    ManyRuns {
        /// The requested id.
        run: String,
        /// The series.
        series: String,
    },
    /// The series has no run.
    #[error("no run in the series `{series}` of the history")]
    NoSeries {
        /// The requested series.
        series: String,
        /// The series in the store.
        known: Vec<String>,
    },
    /// The store has no run.
    #[error("no run in the history")]
    Empty,
    /// No series was named, and more than one matches.
    #[error("the history has more than one series")]
    ManySeries {
        /// The matching series.
        known: Vec<String>,
    },
}

fn in_series(series: Option<&str>) -> String {
    series.map_or_else(|| "the history".to_owned(), |series| format!("the series `{series}` of the history"))
}

impl StoreError {
    /// Converts a database error: to [`Foreign`](Self::Foreign) if it shows that the tables are not podproof's own.
    pub(super) fn failed(action: &'static str, store: &StoreLocation, source: DatabaseError) -> Self {
        let is_foreign = source.is_foreign();
        let store = store.clone();
        if is_foreign { Self::Foreign { store } } else { Self::Statement { action, store, source } }
    }

    /// Converts the error of an upgrade from version `found` in the same way.
    pub(super) fn upgrade(store: &StoreLocation, found: i64, source: DatabaseError) -> Self {
        let is_foreign = source.is_foreign();
        let store = store.clone();
        if is_foreign { Self::Foreign { store } } else { Self::Upgrade { store, found, source } }
    }

    /// Suggests how to fix the problem.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("`podproof history add RUN` creates one from a run's folder".to_owned()),
            Self::Create { .. } => Some("choose another file with --store".to_owned()),
            Self::Foreign { store: StoreLocation::File(_) } => Some("choose the right file with --store".to_owned()),
            Self::Foreign { .. } => Some(
                "choose another database with --store: something other than podproof uses its schema `podproof`"
                    .to_owned(),
            ),
            Self::Address { .. } => Some(
                "write postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS, with special characters in the password \
                 percent-encoded (%40 for @), and sslmode one of disable, prefer, require or verify-full"
                    .to_owned(),
            ),
            #[cfg(feature = "postgres")]
            Self::Unreachable { source: DatabaseError::Postgres(error), .. } => {
                Some(connection_hint(error).to_owned())
            }
            Self::Unreachable { .. } => None,
            #[cfg(feature = "postgres")]
            Self::Roots { .. } => Some("set sslrootcert=FILE to a PEM file with certificates".to_owned()),
            #[cfg(feature = "postgres")]
            Self::Tls(_) => None,
            #[cfg(not(feature = "postgres"))]
            Self::WithoutPostgres { .. } => Some("choose a file with --store".to_owned()),
            Self::Newer { .. } => {
                Some("use a newer podproof, or create a new store from the run folders with --store".to_owned())
            }
            Self::Upgrade { .. } => Some(
                "the history is unchanged; run `podproof history list` as a user who may change its tables".to_owned(),
            ),
            Self::NoRun { .. } => Some("`podproof history list` shows the runs".to_owned()),
            Self::ManyRuns { .. } => Some("give more characters of the id".to_owned()),
            Self::Empty => Some("`podproof history add RUN` adds a run's folder".to_owned()),
            Self::NoSeries { known, .. } if known.is_empty() => Self::Empty.hint(),
            Self::NoSeries { known, .. } | Self::ManySeries { known } => {
                Some(format!("choose one of its series with --series: {}", known.join(", ")))
            }
            Self::Statement { .. } => None,
        }
    }
}
