//! Reports of a run, read as a whole.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::scan::{Scanned, scan};
use crate::disk::read_bytes;
use crate::history::facts::Facts;
use crate::history::kept::{Attempt, CaseKey, KeptRun, Outcome};

/// The largest report that is read, in bytes: it takes five times as much memory.
const LARGEST: u64 = 128 << 20;

/// What an `<error>` in a report means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorsAre {
    /// The tool could not tell, as with Ginkgo, pytest, nextest and podproof.
    #[default]
    Inconclusive,
    /// The test failed by an exception, as with Surefire.
    Failures,
}

/// How reports are taken.
#[derive(Clone, Debug, Default)]
pub struct ImportOrder {
    /// The id of the run; without one it is made of the reports' bytes, so that the same report is the same run.
    pub run: Option<String>,
    /// What errors mean.
    pub errors: ErrorsAre,
    /// What is known of the environment. Properties of a report are not taken for facts: many tools put there what is
    /// new every night.
    pub facts: Facts,
}

/// A report could not be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file system refused.
    #[error("read {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no text in UTF-8.
    #[error("{}: is not in UTF-8, from byte {at} on", file.display())]
    Encoding {
        /// The file.
        file: PathBuf,
        /// The first byte that is not.
        at: usize,
    },
    /// The file is no report.
    #[error("{}:{line}: {problem}", file.display())]
    Flaw {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// No test case was run.
    #[error("{}: no test case that was run", file.display())]
    Empty {
        /// The first of the files.
        file: PathBuf,
    },
}

impl ErrorsAre {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Inconclusive => Outcome::Inconclusive,
            Self::Failures => Outcome::Fail,
        }
    }
}

/// Reads the reports of one run.
pub fn import_junit(files: &[PathBuf], order: &ImportOrder) -> Result<KeptRun, ImportError> {
    let mut digest = Sha256::new();
    let mut attempts = Vec::new();
    let mut started: Option<Timestamp> = None;
    for file in files {
        let bytes =
            read_bytes(file, LARGEST).map_err(|source| ImportError::File { file: file.clone(), source })?;
        digest.update(&bytes);
        let report = read(file, bytes, order.errors)?;
        attempts.extend(report.attempts);
        let begun = report.started.map_or_else(|| changed(file), Ok)?;
        started = Some(started.map_or(begun, |known| known.min(begun)));
    }
    number_rounds(&mut attempts);
    let (Some(started), false) = (started, attempts.is_empty()) else {
        return Err(ImportError::Empty { file: files.first().cloned().unwrap_or_default() });
    };
    let seconds: f64 = attempts.iter().map(|attempt| attempt.seconds).sum();
    let took = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    let id = order.run.clone().unwrap_or_else(|| {
        let digest = digest.finalize();
        let first = digest.iter().take(4).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        format!("{}-{first:08x}", started.strftime("%Y%m%d-%H%M%S"))
    });
    Ok(KeptRun {
        id,
        tool: "junit".to_owned(),
        started,
        ended: started.checked_add(took).unwrap_or(started),
        interrupted: None,
        facts: order.facts.clone(),
        attempts,
    })
}

/// Test cases of one name are repetitions; only within one are there attempts.
fn number_rounds(attempts: &mut [Attempt]) {
    let mut rounds: HashMap<Arc<CaseKey>, u32> = HashMap::new();
    for attempt in attempts {
        let round = rounds.entry(Arc::clone(&attempt.key)).or_default();
        *round += u32::from(attempt.number == 1);
        attempt.round = *round;
    }
}

fn read(file: &Path, bytes: Vec<u8>, errors: ErrorsAre) -> Result<Scanned, ImportError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ImportError::Encoding { file: file.to_owned(), at }
    })?;
    let text = text.trim_start_matches('\u{FEFF}');
    scan(text, errors).map_err(|flaw| ImportError::Flaw {
        file: file.to_owned(),
        line: flaw.line,
        problem: flaw.problem,
    })
}

/// When a report was written that does not say so itself.
fn changed(file: &Path) -> Result<Timestamp, ImportError> {
    let refused = |source| ImportError::File { file: file.to_owned(), source };
    let changed = fs::metadata(file).and_then(|about| about.modified()).map_err(refused)?;
    Timestamp::try_from(changed).map_err(|error| refused(io::Error::other(error)))
}
