//! The format of records, and why one cannot be read or written.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A record could not be written or read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Reading or writing the file failed.
    #[error("{action} {}", file.display())]
    File {
        /// `write` or `read`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is damaged or not a record.
    #[error("{} is not the record of a run", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// A newer version of podproof wrote the file.
    #[error("{} has format {found}, this program reads up to {newest}", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format version.
        found: u32,
        /// The newest format version that this podproof reads.
        newest: u32,
    },
}

/// Parses the text of a record up to the format version `newest`.
pub fn parsed<T: DeserializeOwned>(file: &Path, text: &str, newest: u32) -> Result<T, RecordError> {
    #[derive(Deserialize)]
    struct FormatVersion {
        format: u32,
    }

    let damaged = |source| RecordError::Damaged { file: file.to_owned(), source };
    let FormatVersion { format } = serde_json::from_str(text).map_err(damaged)?;
    if format > newest {
        return Err(RecordError::Newer { file: file.to_owned(), found: format, newest });
    }
    serde_json::from_str(text).map_err(damaged)
}
