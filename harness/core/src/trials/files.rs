//! The record of an experiment on disk.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::journal::{JOURNAL, recover};
use super::record::{ExperimentRecord, FORMAT};
use crate::record::{RecordError, read_or_recover, replace_journal};

const RECORD: &str = "experiment.json";

/// Writing the record of an experiment failed.
#[derive(Debug, Error)]
#[error("write {}", file.display())]
pub struct ExperimentError {
    file: PathBuf,
    source: io::Error,
}

/// Writes `experiment.json` atomically into the run's folder, and then removes the journal.
pub fn write_experiment(folder: &Path, record: &ExperimentRecord) -> Result<PathBuf, ExperimentError> {
    let file = folder.join(RECORD);
    match replace_journal(&file, &folder.join(JOURNAL), record) {
        Ok(()) => Ok(file),
        Err(source) => Err(ExperimentError { file, source }),
    }
}

/// Returns whether the folder contains the record or the journal of an experiment.
#[must_use]
pub fn is_experiment(folder: &Path) -> bool {
    [RECORD, JOURNAL].into_iter().any(|file| folder.join(file).is_file())
}

/// Reads the record of the experiment in `folder`. If the experiment did not finish, rebuilds the record from the
/// journal and marks it as interrupted.
pub fn read_experiment(folder: &Path) -> Result<ExperimentRecord, RecordError> {
    read_or_recover(folder, (RECORD, JOURNAL), FORMAT, recover)
}
