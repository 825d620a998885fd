//! What could not be written.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A report could not be written. The verdicts stand.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file.
    #[error("write {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stream.
    #[error("write to {stream}")]
    Stream {
        /// `stdout` or `stderr`.
        stream: &'static str,
        /// What the system said.
        source: io::Error,
    },
}
