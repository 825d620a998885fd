//! Errors of the databases, and what they mean for a store.

#[cfg(feature = "postgres")]
use std::error::Error as _;
#[cfg(feature = "postgres")]
use std::io;

#[cfg(feature = "postgres")]
use postgres::error::SqlState;
use rusqlite::ErrorCode;
use thiserror::Error;

/// A database operation failed.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// An error of SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// An error of PostgreSQL.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// A column has a value of the wrong type.
    #[error("column {column} has an unexpected value")]
    Value {
        /// The column, from 0.
        column: usize,
    },
}

impl DatabaseError {
    /// Returns whether the error means that the tables are not podproof's own.
    pub(super) fn is_foreign(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_not_a_store(error),
            #[cfg(feature = "postgres")]
            Self::Postgres(error) => {
                matches!(error.code(), Some(&(SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN)))
            }
            Self::Value { .. } => true,
        }
    }
}

/// Returns whether the error means that the file is not a podproof store.
fn is_not_a_store(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        || matches!(error, rusqlite::Error::InvalidColumnType(..))
        || error.to_string().starts_with("no such table")
}

/// Suggests how to fix a failed connection.
#[cfg(feature = "postgres")]
pub(super) fn connection_hint(error: &postgres::Error) -> &'static str {
    let io_error = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_tls_error = io_error
        .and_then(io::Error::get_ref)
        .is_some_and(|cause| cause.downcast_ref::<rustls::Error>().is_some());
    if error.as_db_error().is_some() {
        "the server answered: check the user, the password and the database in the URL"
    } else if io_error.is_some() && !is_tls_error {
        "check that the server is running, and check the host and the port in the URL"
    } else {
        "the server may require a password; for a certificate that is not trusted, add sslrootcert=FILE with its root \
         to the URL; sslmode=disable turns TLS off"
    }
}
