//! Evidence on disk: one folder per case.

use std::fs;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::str;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::record::{Evidence, FORMAT};
use crate::disk::{open_regular, write_whole};

const EVIDENCE: &str = "evidence.json";

/// From which size on, in bytes, a file is not read as a whole.
const LARGE: u64 = 16 << 20;

/// In how many bytes from its beginning the format of a file is looked for.
const HEAD: u64 = 24;

/// Evidence could not be written or read.
#[derive(Debug, Error)]
pub enum ArchiveError {
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
    #[error("{} is not evidence", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file was written by a newer program.
    #[error("{} has format {found}, this program reads up to {FORMAT}", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// Writes `evidence.json` and, to be read by people, each log as a text file beside it.
pub fn write_evidence(folder: &Path, evidence: &Evidence) -> Result<(), ArchiveError> {
    let logs = folder.join("logs");
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| ArchiveError::File { action: "write", file, source }
    };
    fs::create_dir_all(&logs).map_err(failed(&logs))?;
    for log in &evidence.logs {
        let file = logs.join(log_file(&log.pod, &log.uid, &log.container, log.restart));
        let text: String = log.texts().flat_map(|line| [line, "\n"]).collect();
        fs::write(&file, text).map_err(failed(&file))?;
    }
    let file = folder.join(EVIDENCE);
    let text = serde_json::to_vec(evidence).map_err(|source| failed(&file)(source.into()))?;
    write_whole(&file, &text).map_err(failed(&file))
}

/// The name of a log's file in the folder `logs` beside the evidence.
#[must_use]
pub fn log_file(pod: &str, uid: &str, container: &str, restart: i32) -> String {
    // Names come from our own manifests, but a path is no place for trust.
    format!("{pod}.{uid}.{container}.{restart}.log").replace('/', "_")
}

/// Whether there is evidence in `folder`, good or bad.
#[must_use]
pub fn has_evidence(folder: &Path) -> bool {
    folder.join(EVIDENCE).exists()
}

/// Reads the evidence in `folder` back.
pub fn read_evidence(folder: &Path) -> Result<Evidence, ArchiveError> {
    read_evidence_as(folder)
}

/// Reads of the evidence in `folder` what `T` takes, and keeps no more of it in memory than `T` does where the file
/// is large.
pub fn read_evidence_as<T: DeserializeOwned>(folder: &Path) -> Result<T, ArchiveError> {
    let file = folder.join(EVIDENCE);
    let format = format_of(&file)?;
    if format > FORMAT {
        return Err(ArchiveError::Newer { file, found: format });
    }
    parse(&file)
}

/// The format of the evidence. It stands first in what this program writes; only elsewhere all has to be read for it.
fn format_of(file: &Path) -> Result<u32, ArchiveError> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }

    let read = |source| ArchiveError::File { action: "read", file: file.to_owned(), source };
    let mut head = Vec::new();
    open_regular(file).map_err(read)?.take(HEAD).read_to_end(&mut head).map_err(read)?;
    let number = |head: &str| head.strip_prefix("{\"format\":")?.split_once(',')?.0.parse().ok();
    match str::from_utf8(&head).ok().and_then(number) {
        Some(format) => Ok(format),
        None => parse(file).map(|Version { format }| format),
    }
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T, ArchiveError> {
    let read = |source| ArchiveError::File { action: "read", file: file.to_owned(), source };
    let damaged = |source| ArchiveError::Damaged { file: file.to_owned(), source };
    let mut opened = open_regular(file).map_err(read)?;
    if opened.metadata().map_err(read)?.len() > LARGE {
        return serde_json::from_reader(BufReader::new(opened)).map_err(damaged);
    }
    // Much faster.
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes).map_err(read)?;
    serde_json::from_slice(&bytes).map_err(damaged)
}
