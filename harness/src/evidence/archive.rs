//! Evidence on disk: one folder per case.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::record::{Evidence, FORMAT};
use crate::disk::write_whole;

const EVIDENCE: &str = "evidence.json";

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
        // Names come from our own manifests, but a path is no place for trust.
        let name = format!("{}.{}.{}.{}.log", log.pod, log.uid, log.container, log.restart).replace('/', "_");
        let file = logs.join(name);
        let text: String = log.texts().flat_map(|line| [line, "\n"]).collect();
        fs::write(&file, text).map_err(failed(&file))?;
    }
    let file = folder.join(EVIDENCE);
    let text = serde_json::to_vec(evidence).map_err(|source| failed(&file)(source.into()))?;
    write_whole(&file, &text).map_err(failed(&file))
}

/// Reads the evidence in `folder` back.
pub fn read_evidence(folder: &Path) -> Result<Evidence, ArchiveError> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }

    let file = folder.join(EVIDENCE);
    let open = || {
        File::open(&file).map(BufReader::new).map_err(|source| ArchiveError::File {
            action: "read",
            file: file.clone(),
            source,
        })
    };
    let damaged = |source| ArchiveError::Damaged { file: file.clone(), source };
    let Version { format } = serde_json::from_reader(open()?).map_err(damaged)?;
    if format > FORMAT {
        return Err(ArchiveError::Newer { file, found: format });
    }
    serde_json::from_reader(open()?).map_err(damaged)
}
