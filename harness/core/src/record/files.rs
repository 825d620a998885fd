//! Records on disk.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::format::{RecordError, parsed};
use super::journal::{JOURNAL, recover};
use super::run_record::{FORMAT, RunRecord};
use crate::disk::{read_text, write_whole};

const RECORD: &str = "record.json";

/// The largest record that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// Writes `record.json` atomically into the run's folder, and then removes the journal.
pub fn write_record(folder: &Path, record: &RunRecord) -> Result<PathBuf, RecordError> {
    let file = folder.join(RECORD);
    replace_journal(&file, &folder.join(JOURNAL), record).map_err(|source| RecordError::File {
        action: "write",
        file: file.clone(),
        source,
    })?;
    Ok(file)
}

/// Writes a record of a run or an experiment atomically as JSON, and then removes its journal.
pub(crate) fn replace_journal(file: &Path, journal: &Path, record: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(record)?;
    write_whole(file, format!("{text}\n").as_bytes())?;
    // If the journal stays, readers still prefer the record.
    let _ = fs::remove_file(journal);
    Ok(())
}

/// Reads the record of the run in `folder`. If the run did not finish, rebuilds it from the journal: it is then marked
/// as interrupted, and the cases that had not ended are skipped.
pub fn read_record(folder: &Path) -> Result<RunRecord, RecordError> {
    read_or_recover(folder, (RECORD, JOURNAL), FORMAT, recover)
}

/// Reads a run's or an experiment's record up to the format version `newest`. Without a record, calls `recover` with
/// the folder and the maximum number of bytes to rebuild it from the journal.
pub fn read_or_recover<T: DeserializeOwned>(
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
