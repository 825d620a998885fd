//! The journal: the record as written during the run, so that a killed run keeps its verdicts.
//!
//! The first line is the record as if no case had ended. Each further line is the record of a case that ended, with its
//! index in the plan. A later line for the same index replaces an earlier one, which had fewer attempts.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::format::{RecordError, parsed};
use super::run_record::{CaseRecord, ClusterChange, FORMAT, RunRecord};
use crate::judge::Verdict;
use crate::lines::{LineFile, whole_lines};
use crate::plan::PlannedCase;

/// The file's name in the run's folder.
pub const JOURNAL: &str = "record.jsonl";

/// The interruption of a run that left only a journal. The reader cannot know if it is still going on.
pub const KILLED: &str = "being killed, unless it is still going on";

/// The reason given for cases of a killed run that had not ended.
const NOT_ENDED: &str = "not ended: the run was killed, or is still going on";

/// The journal of the current run.
pub struct RunJournal(LineFile);

#[derive(Serialize)]
struct Written<'a> {
    index: usize,
    case: &'a CaseRecord,
}

/// A line for a change of the cluster.
#[derive(Serialize)]
struct Noted<'a> {
    change: &'a ClusterChange,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Case { index: usize, case: Box<CaseRecord> },
    ClusterChange { change: ClusterChange },
}

impl RunJournal {
    /// Starts the journal with `head`, the record without any ended case.
    #[must_use]
    pub fn begin(folder: &Path, head: &RunRecord) -> Self {
        let first = RunRecord { interrupted: Some(KILLED.to_owned()), ..head.clone() };
        Self(LineFile::begin(folder.join(JOURNAL), &first))
    }

    /// Appends the record of the case at `index` in the plan.
    pub fn keep(&self, index: usize, case: &CaseRecord) {
        self.0.add(&Written { index, case });
    }

    /// Appends that the cluster was replaced or restarted, or may have been.
    pub fn note(&self, change: &ClusterChange) {
        self.0.add(&Noted { change });
    }

    /// Closes the journal. Returns why it is incomplete, if it is.
    pub fn end(&self) -> Option<String> {
        self.0.end()
    }
}

/// The record of a case that has not ended. Its verdict is a placeholder that no judge gave.
#[must_use]
pub fn placeholder_record(planned: &PlannedCase, started: Timestamp) -> CaseRecord {
    let reason = NOT_ENDED.to_owned();
    CaseRecord { seconds: 0.0, ..CaseRecord::of(planned, Verdict::Skip { reason }, started) }
}

/// Rebuilds the record of the run in `folder` from its journal, reading at most `most` bytes.
pub fn recover(folder: &Path, most: u64) -> Result<RunRecord, RecordError> {
    let file = folder.join(JOURNAL);
    let failed = |source| RecordError::File { action: "read", file: file.clone(), source };
    let whole = whole_lines(&file, most).map_err(failed)?;
    let mut lines = whole.lines();
    let mut record: RunRecord = parsed(&file, lines.next().unwrap_or_default(), FORMAT)?;
    for line in lines {
        let damaged = |source| RecordError::Damaged { file: file.clone(), source };
        let (index, case) = match serde_json::from_str(line).map_err(damaged)? {
            Read::Case { index, case } => (index, *case),
            Read::ClusterChange { change } => {
                record.change = Some(change);
                continue;
            }
        };
        let Some(place) = record.cases.get_mut(index) else {
            let beyond = format!("the plan has no index {index}");
            return Err(damaged(serde::de::Error::custom(beyond)));
        };
        let took = SignedDuration::try_from_secs_f64(case.seconds).unwrap_or_default();
        record.ended = record.ended.max(case.started.checked_add(took).unwrap_or(case.started));
        *place = case;
    }
    Ok(record.discount_after_cluster_change())
}
