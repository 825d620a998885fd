//! The record as it is written while the experiment goes on: what one that is killed leaves of its trials.
//!
//! The first line is the record without any trial. Each line after it is a batch that ended: its group's place, and its
//! trials.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{ExperimentRecord, FORMAT, Measured};
use super::trial::Trial;
use crate::lines::{LineFile, whole_lines};
use crate::run::{KILLED, RecordError, parsed};

/// The file's name in the run's folder.
pub(super) const JOURNAL: &str = "experiment.jsonl";

/// The journal of an experiment that goes on.
pub(super) struct Journal(LineFile);

#[derive(Serialize)]
struct Written<'a> {
    group: usize,
    trials: &'a [Trial],
}

#[derive(Deserialize)]
struct Read {
    group: usize,
    trials: Vec<Trial>,
}

impl Journal {
    /// Begins it with `head`, the record without any trial.
    pub(super) fn begin(folder: &Path, head: &ExperimentRecord) -> Self {
        let first = ExperimentRecord { interrupted: Some(KILLED.to_owned()), ..head.clone() };
        Self(LineFile::begin(folder.join(JOURNAL), &first))
    }

    /// Keeps the trials of a batch of the group at this place.
    pub(super) fn keep(&self, group: usize, trials: &[Trial]) {
        self.0.add(&Written { group, trials });
    }

    /// Ends it; what kept it from being whole, where something did.
    pub(super) fn end(&self) -> Option<String> {
        self.0.end()
    }
}

/// The record of the experiment in `folder` as far as its journal goes. It ended when its last batch did, by the clock of
/// the file.
pub(super) fn recover(folder: &Path, most: u64) -> Result<ExperimentRecord, RecordError> {
    let file = folder.join(JOURNAL);
    let failed = |source| RecordError::File { action: "read", file: file.clone(), source };
    let whole = whole_lines(&file, most).map_err(failed)?;
    let written = std::fs::metadata(&file).and_then(|about| about.modified()).map_err(failed)?;
    let mut lines = whole.lines();
    let mut record: ExperimentRecord = parsed(&file, lines.next().unwrap_or_default(), FORMAT)?;
    record.ended = written.try_into().map_err(|error| failed(io::Error::other(error)))?;
    for line in lines {
        let damaged = |source| RecordError::Damaged { file: file.clone(), source };
        let Read { group, trials } = serde_json::from_str(line).map_err(damaged)?;
        let Some(place) = record.groups.get_mut(group) else {
            let beyond = format!("there is no place {group} in the experiment");
            return Err(damaged(serde::de::Error::custom(beyond)));
        };
        place.trials.extend(trials);
    }
    for group in &mut record.groups {
        group.measured = Measured::of(&group.trials);
    }
    Ok(record)
}
