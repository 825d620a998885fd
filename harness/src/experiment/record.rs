//! What is kept of an experiment: every trial, and for each strategy and order the shares and distributions.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::journal::{JOURNAL, recover};
use super::statistics::{Distribution, Share};
use super::strategy::ListOrder;
use super::trial::{Outcome, Trial};
use crate::cluster::Facts;
use crate::disk::write_whole;
use crate::run::{RecordError, RunId, read_or_recover};

/// The format of `experiment.json`.
pub(super) const FORMAT: u32 = 1;

const RECORD: &str = "experiment.json";

/// What is kept of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRecord {
    /// The format's version.
    pub format: u32,
    /// What was measured: `startup`.
    pub experiment: String,
    /// The run's id.
    pub run: RunId,
    /// The program's version.
    pub podproof: String,
    /// When it began.
    pub started: Timestamp,
    /// When its last trial had ended.
    pub ended: Timestamp,
    /// The cluster.
    pub cluster: Facts,
    /// How many trials of each strategy in each order were asked for.
    pub trials: u32,
    /// How many were made at once.
    pub parallel: u32,
    /// What interrupted it, where something did: then there are fewer trials.
    pub interrupted: Option<String>,
    /// One entry per strategy and order.
    pub groups: Vec<Group>,
    /// What could not be kept or cleaned up. Changes no trial.
    pub faults: Vec<String>,
}

/// The trials of one strategy in one order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The strategy.
    pub strategy: String,
    /// The order.
    pub order: ListOrder,
    /// Why there are none, where the cluster lacks what the strategy needs.
    pub skipped: Option<String>,
    /// What the trials show together.
    pub measured: Measured,
    /// The trials.
    pub trials: Vec<Trial>,
}

/// What the trials of a group show together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How many completed, of those of which it could be told.
    pub completed: Option<Share>,
    /// How many lost messages.
    pub lost: u32,
    /// How many hung.
    pub hung: u32,
    /// Of how many it could not be told.
    pub inconclusive: u32,
    /// How long after the producer's program the consumer's began, by the node's clock since boot.
    pub gap_by_clock_ms: Option<Distribution>,
    /// The same by the events of the starts.
    pub gap_by_event_ms: Option<Distribution>,
    /// The same by the start ticks of the processes.
    pub gap_by_ticks_ms: Option<Distribution>,
}

impl Measured {
    /// What these trials show.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let count = |is: fn(&Outcome) -> bool| {
            u32::try_from(trials.iter().filter(|trial| is(&trial.outcome)).count()).unwrap_or(u32::MAX)
        };
        let completed = count(|outcome| matches!(outcome, Outcome::Completed));
        let lost = count(|outcome| matches!(outcome, Outcome::Lost(_)));
        let hung = count(|outcome| matches!(outcome, Outcome::Hung(_)));
        Self {
            completed: Share::of(completed, completed.saturating_add(lost).saturating_add(hung)),
            lost,
            hung,
            inconclusive: count(|outcome| matches!(outcome, Outcome::Inconclusive(_))),
            gap_by_clock_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_clock)),
            gap_by_event_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_event)),
            gap_by_ticks_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_ticks)),
        }
    }
}

impl ExperimentRecord {
    /// Of how many trials it could not be told what became of them.
    #[must_use]
    pub fn inconclusive(&self) -> u32 {
        self.groups.iter().map(|group| group.measured.inconclusive).sum()
    }
}

/// The record of an experiment could not be written.
#[derive(Debug, Error)]
#[error("write {}", file.display())]
pub struct ExperimentError {
    file: PathBuf,
    source: io::Error,
}

/// Writes `experiment.json` into the run's folder: whole, or not at all. What was kept of the experiment while it went on is
/// then of no more use.
pub fn write_experiment(folder: &Path, record: &ExperimentRecord) -> Result<PathBuf, ExperimentError> {
    let file = folder.join(RECORD);
    let written = serde_json::to_string_pretty(record)
        .map_err(io::Error::from)
        .and_then(|text| write_whole(&file, format!("{text}\n").as_bytes()));
    match written {
        Ok(()) => {
            // Where it stays, the record is read all the same.
            let _ = fs::remove_file(folder.join(JOURNAL));
            Ok(file)
        }
        Err(source) => Err(ExperimentError { file, source }),
    }
}

/// Whether an experiment left this folder.
#[must_use]
pub fn is_experiment(folder: &Path) -> bool {
    [RECORD, JOURNAL].into_iter().any(|file| folder.join(file).is_file())
}

/// Reads the record of the experiment in `folder` back: as far as it goes, where it did not come to its end. Then it says
/// that it was interrupted.
pub fn read_experiment(folder: &Path) -> Result<ExperimentRecord, RecordError> {
    read_or_recover(folder, (RECORD, JOURNAL), FORMAT, recover)
}
