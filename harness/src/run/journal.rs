//! The record as it is written while the run goes on: what a run that is killed leaves of its verdicts.
//!
//! The first line is the record as it would be if no case ended. Each line after it is one that did: its place in the plan
//! and what is kept of it; a later line for the same place stands for the earlier one, which had fewer attempts.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::{CaseRecord, FORMAT, RecordError, RunRecord, parsed};
use super::same_cluster::Change;
use crate::judge::Verdict;
use crate::lines::{LineFile, whole_lines};
use crate::plan::PlannedCase;

/// The file's name in the run's folder.
pub(super) const JOURNAL: &str = "record.jsonl";

/// What interrupted a run of which only such a file is left: from here nobody can see whether it is still going on.
pub(crate) const KILLED: &str = "being killed, unless it is still going on";

/// What is said of the cases of such a run that have not ended.
const NOT_ENDED: &str = "not ended: the run was killed, or is still going on";

/// The journal of a run that goes on.
pub(super) struct Journal(LineFile);

#[derive(Serialize)]
struct Written<'a> {
    index: usize,
    case: &'a CaseRecord,
}

/// A change of the cluster that was noticed.
#[derive(Serialize)]
struct Noted<'a> {
    change: &'a Change,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Case { index: usize, case: Box<CaseRecord> },
    Change { change: Change },
}

impl Journal {
    /// Begins it with `head`, the record without any case that ended.
    pub(super) fn begin(folder: &Path, head: &RunRecord) -> Self {
        let first = RunRecord { interrupted: Some(KILLED.to_owned()), ..head.clone() };
        Self(LineFile::begin(folder.join(JOURNAL), &first))
    }

    /// Keeps what became of the case at this place of the plan.
    pub(super) fn keep(&self, index: usize, case: &CaseRecord) {
        self.0.add(&Written { index, case });
    }

    /// Keeps that the cluster is, or may be, no longer the same.
    pub(super) fn note(&self, change: &Change) {
        self.0.add(&Noted { change });
    }

    /// Ends it; what kept it from being whole, where something did.
    pub(super) fn end(&self) -> Option<String> {
        self.0.end()
    }
}

/// What is said of a case that has not ended. It is no verdict of anybody.
pub(super) fn not_ended(planned: &PlannedCase, started: Timestamp) -> CaseRecord {
    let reason = NOT_ENDED.to_owned();
    CaseRecord { seconds: 0.0, ..CaseRecord::of(planned, Verdict::Skip { reason }, started) }
}

/// The record of the run in `folder` as far as its journal goes.
pub(super) fn recover(folder: &Path, most: u64) -> Result<RunRecord, RecordError> {
    let file = folder.join(JOURNAL);
    let failed = |source| RecordError::File { action: "read", file: file.clone(), source };
    let whole = whole_lines(&file, most).map_err(failed)?;
    let mut lines = whole.lines();
    let mut record: RunRecord = parsed(&file, lines.next().unwrap_or_default(), FORMAT)?;
    for line in lines {
        let damaged = |source| RecordError::Damaged { file: file.clone(), source };
        let (index, case) = match serde_json::from_str(line).map_err(damaged)? {
            Read::Case { index, case } => (index, *case),
            Read::Change { change } => {
                record.change = Some(change);
                continue;
            }
        };
        let Some(place) = record.cases.get_mut(index) else {
            let beyond = format!("there is no place {index} in the plan");
            return Err(damaged(serde::de::Error::custom(beyond)));
        };
        let took = SignedDuration::try_from_secs_f64(case.seconds).unwrap_or_default();
        record.ended = record.ended.max(case.started.checked_add(took).unwrap_or(case.started));
        *place = case;
    }
    Ok(record.of_one_cluster())
}
