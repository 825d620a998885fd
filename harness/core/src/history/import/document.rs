//! Imports the JUnit reports of a run.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::error_meaning::ErrorMeaning;
use super::scan::{Scanned, scan};
use crate::disk::read_bytes;
use crate::history::facts::EnvironmentFacts;
use crate::history::model::{CaseAttempt, CaseKey, CaseOutcome, HistoryRun};

/// The largest report, in bytes. Reading it takes about five times as much memory.
const LARGEST: u64 = 128 << 20;

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The id of the run. If `None`, it is derived from the start and a hash of the reports, so that importing the same
    /// reports again replaces the run.
    pub run: Option<String>,
    /// The meaning of `<error>`.
    pub errors: ErrorMeaning,
    /// The facts of the environment. Properties in reports are not used as facts, because many tools write values there
    /// that change in every run.
    pub facts: EnvironmentFacts,
}

/// A report could not be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("read {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not in UTF-8.
    #[error("{}: is not in UTF-8, from byte {at} on", file.display())]
    Encoding {
        /// The file.
        file: PathBuf,
        /// The offset of the first invalid byte.
        at: usize,
    },
    /// The file is not a JUnit report.
    #[error("{}:{line}: {problem}", file.display())]
    ReportProblem {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The problem at that line.
        problem: String,
    },
    /// No report has a test case that was run.
    #[error("{}: no test case was run", file.display())]
    Empty {
        /// The first of the files.
        file: PathBuf,
    },
}

impl ErrorMeaning {
    pub(super) fn outcome(self) -> CaseOutcome {
        match self {
            Self::Inconclusive => CaseOutcome::Inconclusive,
            Self::Failures => CaseOutcome::Fail,
        }
    }
}

/// Reads the JUnit reports of one run. Without a timestamp in a report, the file's modification time is the start.
pub fn import_junit(files: &[PathBuf], options: &ImportOptions) -> Result<HistoryRun, ImportError> {
    let mut digest = Sha256::new();
    let mut attempts = Vec::new();
    let mut started: Option<Timestamp> = None;
    for file in files {
        let bytes =
            read_bytes(file, LARGEST).map_err(|source| ImportError::File { file: file.clone(), source })?;
        digest.update(&bytes);
        let report = read(file, bytes, options.errors)?;
        attempts.extend(report.attempts);
        let report_started = report.started.map_or_else(|| modified(file), Ok)?;
        started = Some(started.map_or(report_started, |known| known.min(report_started)));
    }
    number_rounds(&mut attempts);
    let (Some(started), false) = (started, attempts.is_empty()) else {
        return Err(ImportError::Empty { file: files.first().cloned().unwrap_or_default() });
    };
    let seconds: f64 = attempts.iter().map(|attempt| attempt.seconds).sum();
    let took = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    let id = options.run.clone().unwrap_or_else(|| {
        let digest = digest.finalize();
        let first = digest.iter().take(4).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        format!("{}-{first:08x}", started.strftime("%Y%m%d-%H%M%S"))
    });
    Ok(HistoryRun {
        id,
        tool: "junit".to_owned(),
        started,
        ended: started.checked_add(took).unwrap_or(started),
        interrupted: None,
        facts: options.facts.clone(),
        attempts,
    })
}

/// Numbers test cases with the same name as repetitions. Attempts are always within one test case.
fn number_rounds(attempts: &mut [CaseAttempt]) {
    let mut rounds: HashMap<Arc<CaseKey>, u32> = HashMap::new();
    for attempt in attempts {
        let round = rounds.entry(Arc::clone(&attempt.key)).or_default();
        *round += u32::from(attempt.number == 1);
        attempt.round = *round;
    }
}

fn read(file: &Path, bytes: Vec<u8>, errors: ErrorMeaning) -> Result<Scanned, ImportError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ImportError::Encoding { file: file.to_owned(), at }
    })?;
    let text = text.trim_start_matches('\u{FEFF}');
    scan(text, errors).map_err(|found| ImportError::ReportProblem {
        file: file.to_owned(),
        line: found.line,
        problem: found.problem,
    })
}

/// The modification time of a file.
fn modified(file: &Path) -> Result<Timestamp, ImportError> {
    let failed = |source| ImportError::File { file: file.to_owned(), source };
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified()).map_err(failed)?;
    Timestamp::try_from(modified).map_err(|error| failed(io::Error::other(error)))
}
