//! The record as it is written while the run goes on: what a run that is killed leaves of its verdicts.
//!
//! The first line is the record as it would be if no case ended. Each line after it is one that did: its place in the plan
//! and what is kept of it; a later line for the same place stands for the earlier one, which had fewer attempts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::str;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::{CaseRecord, FORMAT, RecordError, RunRecord, parsed};
use super::same_cluster::Change;
use crate::disk::read_bytes;
use crate::judge::Verdict;
use crate::plan::PlannedCase;

/// The file's name in the run's folder.
pub(super) const JOURNAL: &str = "record.jsonl";

/// What interrupted a run of which only this is left, and what is said of its other cases: from here nobody can see whether
/// it is still going on.
const INTERRUPTED: &str = "being killed, unless it is still going on";
const NOT_ENDED: &str = "not ended: the run was killed, or is still going on";

/// The journal of a run that goes on, written by a thread of its own: a slow disk must hold nobody up.
pub(super) struct Journal {
    lines: Sender<Option<String>>,
    writing: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

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
        let (lines, coming) = channel();
        let file = folder.join(JOURNAL);
        let first = RunRecord { interrupted: Some(INTERRUPTED.to_owned()), ..head.clone() };
        let _ = lines.send(serde_json::to_string(&first).ok());
        let writing = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            let mut open = OpenOptions::new().create(true).write(true).truncate(true).open(file)?;
            write_lines(&mut open, &coming)
        });
        // What cannot be begun is reported at its end.
        let writing = writing.unwrap_or_else(|error| thread::spawn(move || Err(error)));
        Self { lines, writing: Mutex::new(Some(writing)) }
    }

    /// Keeps what became of the case at this place of the plan.
    pub(super) fn keep(&self, index: usize, case: &CaseRecord) {
        if let Ok(line) = serde_json::to_string(&Written { index, case }) {
            // A journal that cannot be written is no reason to stop.
            let _ = self.lines.send(Some(line));
        }
    }

    /// Keeps that the cluster is, or may be, no longer the same.
    pub(super) fn note(&self, change: &Change) {
        if let Ok(line) = serde_json::to_string(&Noted { change }) {
            let _ = self.lines.send(Some(line));
        }
    }

    /// Ends it; what kept it from being whole, where something did.
    pub(super) fn end(&self) -> Option<String> {
        let _ = self.lines.send(None);
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("its writer panicked")));
        written.err().map(|error| format!("write {JOURNAL}: {error}"))
    }
}

/// Each line whole, and on its way to the disk before the next is awaited.
fn write_lines(file: &mut File, coming: &Receiver<Option<String>>) -> io::Result<()> {
    while let Ok(Some(line)) = coming.recv() {
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
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
    let bytes = read_bytes(&file, most).map_err(failed)?;
    // What follows the last line end was being written when the run was killed, and may end within a character.
    let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
    let whole = str::from_utf8(&bytes[..end]).map_err(|error| failed(io::Error::other(error)))?;
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
