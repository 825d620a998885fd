//! The record of a run: the one input of reports and history.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::attempt::Attempt;
use super::identity::RunId;
use super::journal::{JOURNAL, recover};
use super::same_cluster::Change;
use crate::cluster::{Facts, Identity};
use crate::disk::{read_text, write_whole};
use crate::judge::Verdict;
use crate::plan::{ClaimId, Level, MinorVersion, PlannedCase, Purpose, Revision, Tier};

/// The format of `record.json`. A reader refuses a newer one.
pub(super) const FORMAT: u32 = 1;

const RECORD: &str = "record.json";

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The format's version.
    pub format: u32,
    /// The run's id.
    pub run: RunId,
    /// The program's version.
    pub podproof: String,
    /// What the run was for.
    pub purpose: Purpose,
    /// When it began.
    pub started: Timestamp,
    /// When its last case had ended.
    pub ended: Timestamp,
    /// The cluster.
    pub cluster: Facts,
    /// Which cluster that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// That it was no longer the same at some time, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// How many cases ran at once.
    pub parallel: usize,
    /// What interrupted it, where something did.
    pub interrupted: Option<String>,
    /// How often at most what failed or could not be told was tried again.
    #[serde(default, skip_serializing_if = "is_none")]
    pub retries: u32,
    /// The executions, in the order of the plan.
    pub cases: Vec<CaseRecord>,
    /// What could not be kept or cleaned up. Changes no verdict.
    pub faults: Vec<String>,
}

/// What is kept of one execution of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The claim.
    pub claim: ClaimId,
    /// The claim's sentence.
    pub title: String,
    /// The claim's level.
    pub level: Level,
    /// The case's tier.
    pub tier: Tier,
    /// The first Kubernetes minor version that makes the claim; absent means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<MinorVersion>,
    /// Why the case is not proved yet, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// What takes its weight from a fail of this claim here: what the cluster does not say of itself, or that the claim
    /// is unproved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// How often the claim's meaning had changed.
    #[serde(default, skip_serializing_if = "Revision::is_first")]
    pub revision: Revision,
    /// The mutant under which it ran.
    pub mutant: Option<MutantRecord>,
    /// Which repetition it was, from 1.
    pub round: u32,
    /// Its name in the plan; its evidence lies in `cases/SLUG` of the run's folder.
    pub slug: String,
    /// The verdict; of several attempts that of the one which counts, as are the slug and the times.
    pub verdict: Verdict,
    /// Every attempt in its order, where there was more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in seconds, without the removal of its namespace.
    pub seconds: f64,
    /// What could not be cleaned up.
    pub faults: Vec<String>,
    /// What is known of the container runtime and this claim. Changes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is kept of a mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MutantRecord {
    /// Its name.
    pub name: String,
    /// What it breaks.
    pub breaks: String,
    /// The assertion that must fail.
    pub must_fail: String,
    /// Assertions that may fail beside it.
    pub may_fail: Vec<String>,
}

/// How many verdicts of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Passes.
    pub pass: usize,
    /// Fails.
    pub fail: usize,
    /// Fails of cases that held in another attempt; `fail` does not count them.
    pub flaky: usize,
    /// Inconclusives.
    pub inconclusive: usize,
    /// Skips.
    pub skip: usize,
}

/// A record could not be written or read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file system refused.
    #[error("{action} {}", file.display())]
    File {
        /// `write` or `read`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what this program writes.
    #[error("{} is not the record of a run", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file was written by a newer program.
    #[error("{} has format {found}, this program reads up to {newest}", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        newest: u32,
    },
}

impl RunRecord {
    /// How many verdicts of each kind the given cases have.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match case.verdict {
                _ if case.is_flaky() => counts.flaky += 1,
                Verdict::Pass => counts.pass += 1,
                Verdict::Skip { .. } => counts.skip += 1,
                Verdict::Inconclusive { .. } => counts.inconclusive += 1,
                Verdict::Fail { .. } => counts.fail += 1,
            }
        }
        counts
    }
}

impl CaseRecord {
    /// What is kept of `planned`, given its verdict.
    #[must_use]
    pub fn of(planned: &PlannedCase, verdict: Verdict, started: Timestamp) -> Self {
        let seconds = Timestamp::now().duration_since(started).as_secs_f64();
        Self {
            claim: planned.claim.id.clone(),
            title: planned.claim.title.clone(),
            level: planned.claim.level,
            tier: planned.claim.tier,
            since: planned.claim.since,
            unproved: planned.claim.unproved.clone(),
            doubt: None,
            revision: planned.claim.revision,
            mutant: planned.mutant.as_ref().map(|mutant| MutantRecord {
                name: mutant.name.clone(),
                breaks: mutant.breaks.clone(),
                must_fail: mutant.must_fail.clone(),
                may_fail: mutant.may_fail.clone(),
            }),
            round: planned.round,
            slug: planned.slug(),
            verdict,
            attempts: Vec::new(),
            started,
            // Milliseconds are what the clock and the cluster are good for.
            seconds: (seconds * 1000.0).round() / 1000.0,
            faults: Vec::new(),
            notes: Vec::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(retries: &u32) -> bool {
    *retries == 0
}

/// The largest record that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// Writes `record.json` into the run's folder: whole, or not at all. What was kept of the run while it went on is then of
/// no more use.
pub fn write_record(folder: &Path, record: &RunRecord) -> Result<PathBuf, RecordError> {
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
        Err(source) => Err(RecordError::File { action: "write", file, source }),
    }
}

/// Reads the record of the run in `folder` back: as far as it goes, where the run did not come to its end. Then it says
/// that it was interrupted, and the cases that had not ended are skipped.
pub fn read_record(folder: &Path) -> Result<RunRecord, RecordError> {
    read_or_recover(folder, (RECORD, JOURNAL), FORMAT, recover)
}

/// Reads a record of this program back, whatever it is of, up to the format `newest`; what its journal has where there is no
/// record: `recover` gets the folder and the most bytes that are read.
pub(crate) fn read_or_recover<T: DeserializeOwned>(
    folder: &Path,
    (record, journal): (&str, &str),
    newest: u32,
    recover: impl FnOnce(&Path, u64) -> Result<T, RecordError>,
) -> Result<T, RecordError> {
    match read_versioned(&folder.join(record), newest) {
        Err(RecordError::File { source, .. })
            if source.kind() == io::ErrorKind::NotFound && folder.join(journal).exists() =>
        {
            recover(folder, LARGEST)
        }
        read => read,
    }
}

fn read_versioned<T: DeserializeOwned>(file: &Path, newest: u32) -> Result<T, RecordError> {
    let text = read_text(file, LARGEST).map_err(|source| RecordError::File {
        action: "read",
        file: file.to_owned(),
        source,
    })?;
    parsed(file, &text, newest)
}

/// Parses the text of a record up to the format `newest`.
pub(crate) fn parsed<T: DeserializeOwned>(file: &Path, text: &str, newest: u32) -> Result<T, RecordError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }

    let damaged = |source| RecordError::Damaged { file: file.to_owned(), source };
    let Version { format } = serde_json::from_str(text).map_err(damaged)?;
    if format > newest {
        return Err(RecordError::Newer { file: file.to_owned(), found: format, newest });
    }
    serde_json::from_str(text).map_err(damaged)
}
