//! The journal: the record as written during the experiment, so that a killed experiment keeps its trials.
//!
//! The first line is the record without trials. Each further line is a batch that ended: the index of its group, and
//! its trials.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{ExperimentRecord, FORMAT, Measured};
use super::trial::Trial;
use crate::lines::{LineFile, whole_lines};
use crate::record::{KILLED, RecordError, parsed};

/// The file's name in the run's folder.
pub const JOURNAL: &str = "experiment.jsonl";

/// The journal of the current experiment.
pub struct ExperimentJournal(LineFile);

#[derive(Serialize)]
struct WrittenTrial<'a> {
    group: usize,
    trials: &'a [Trial],
}

#[derive(Deserialize)]
struct ReadTrial {
    group: usize,
    trials: Vec<Trial>,
}

impl ExperimentJournal {
    /// Starts the journal with `head`, the record without trials.
    #[must_use]
    pub fn begin(folder: &Path, head: &ExperimentRecord) -> Self {
        let first = ExperimentRecord { interrupted: Some(KILLED.to_owned()), ..head.clone() };
        Self(LineFile::begin(folder.join(JOURNAL), &first))
    }

    /// Appends the trials of a batch. `group` is the index of its group.
    pub fn keep(&self, group: usize, trials: &[Trial]) {
        self.0.add(&WrittenTrial { group, trials });
    }

    /// Closes the journal. Returns why it is incomplete, if it is.
    pub fn end(&self) -> Option<String> {
        self.0.end()
    }
}

/// Rebuilds the record of the experiment in `folder` from its journal, reading at most `most` bytes. The end of the
/// experiment is the modification time of the file.
pub fn recover(folder: &Path, most: u64) -> Result<ExperimentRecord, RecordError> {
    let file = folder.join(JOURNAL);
    let failed = |source| RecordError::File { action: "read", file: file.clone(), source };
    let whole = whole_lines(&file, most).map_err(failed)?;
    let written = std::fs::metadata(&file).and_then(|about| about.modified()).map_err(failed)?;
    let mut lines = whole.lines();
    let mut record: ExperimentRecord = parsed(&file, lines.next().unwrap_or_default(), FORMAT)?;
    record.ended = written.try_into().map_err(|error| failed(io::Error::other(error)))?;
    for line in lines {
        let damaged = |source| RecordError::Damaged { file: file.clone(), source };
        let ReadTrial { group, trials } = serde_json::from_str(line).map_err(damaged)?;
        let Some(place) = record.groups.get_mut(group) else {
            let beyond = format!("the experiment has no group {group}");
            return Err(damaged(serde::de::Error::custom(beyond)));
        };
        place.trials.extend(trials);
    }
    for group in &mut record.groups {
        group.measured = Measured::of(&group.trials);
    }
    Ok(record)
}
