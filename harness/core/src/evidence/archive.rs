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

/// Larger files are parsed from a stream instead of from memory, in bytes.
const LARGE: u64 = 16 << 20;

/// The number of bytes at the beginning of a file in which its format is looked for.
const HEAD: u64 = 24;

/// Evidence could not be written or read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// Reading or writing the file failed.
    #[error("{action} {}", file.display())]
    File {
        /// `write` or `read`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is damaged or does not contain evidence.
    #[error("{} is not evidence", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// A newer version of podproof wrote the file.
    #[error("{} has format {found}, this program reads up to {FORMAT}", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format version.
        found: u32,
    },
}

/// Writes `evidence.json` and, for people, each log as a text file beside it.
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
    // The names come from podproof's own manifests, but a path must never depend on that.
    format!("{pod}.{uid}.{container}.{restart}.log").replace('/', "_")
}

/// Returns whether `folder` contains evidence, readable or not.
#[must_use]
pub fn has_evidence(folder: &Path) -> bool {
    folder.join(EVIDENCE).exists()
}

/// Reads the evidence in `folder`.
pub fn read_evidence(folder: &Path) -> Result<Evidence, ArchiveError> {
    read_evidence_as(folder)
}

/// Reads the part of the evidence in `folder` that `T` contains. A large file is streamed, so that memory holds only
/// `T`.
pub fn read_evidence_as<T: DeserializeOwned>(folder: &Path) -> Result<T, ArchiveError> {
    let file = folder.join(EVIDENCE);
    let format = format_of(&file)?;
    if format > FORMAT {
        return Err(ArchiveError::Newer { file, found: format });
    }
    parse(&file)
}

/// The format version of the evidence. It comes first in files that podproof wrote; other files are parsed as a whole.
fn format_of(file: &Path) -> Result<u32, ArchiveError> {
    #[derive(serde::Deserialize)]
    struct FormatVersion {
        format: u32,
    }

    let read = |source| ArchiveError::File { action: "read", file: file.to_owned(), source };
    let mut head = Vec::new();
    open_regular(file).map_err(read)?.take(HEAD).read_to_end(&mut head).map_err(read)?;
    let number = |head: &str| head.strip_prefix("{\"format\":")?.split_once(',')?.0.parse().ok();
    match str::from_utf8(&head).ok().and_then(number) {
        Some(format) => Ok(format),
        None => parse(file).map(|FormatVersion { format }| format),
    }
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T, ArchiveError> {
    let read = |source| ArchiveError::File { action: "read", file: file.to_owned(), source };
    let damaged = |source| ArchiveError::Damaged { file: file.to_owned(), source };
    let mut opened = open_regular(file).map_err(read)?;
    if opened.metadata().map_err(read)?.len() > LARGE {
        return serde_json::from_reader(BufReader::new(opened)).map_err(damaged);
    }
    // Parsing from memory is much faster.
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes).map_err(read)?;
    serde_json::from_slice(&bytes).map_err(damaged)
}
