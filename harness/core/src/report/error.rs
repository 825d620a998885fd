//! Errors while writing reports.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A report could not be written. The verdicts of the run are not affected.
#[derive(Debug, Error)]
pub enum ReportError {
    /// Writing a file failed.
    #[error("write {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Writing to a stream failed.
    #[error("write to {stream}")]
    Stream {
        /// `stdout` or `stderr`.
        stream: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
}
