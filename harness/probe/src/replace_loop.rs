//! Replaces a file repeatedly, and checks a file for torn reads.
//!
//! The content is `SEQ CHECKSUM PADDING`. The checksum covers the other two fields, so that a reader recognizes
//! truncated or mixed content.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::payload::checksum;
use crate::report::{Log, Next};
use crate::verb::Verb;
use crate::wait;

/// In bytes. More than a page, so that a reader cannot get a complete file by chance.
const PADDING: usize = 8192;

/// Bytes per write when the file is rewritten in place.
const CHUNK: usize = 256;

/// `rename-loop` or `check-loop`
#[derive(Debug)]
pub(crate) enum ReplaceLoop {
    /// Replaces the file repeatedly.
    Write {
        path: PathBuf,
        /// How often. `None`: until the process ends.
        count: Option<u64>,
        /// Rewrite the file in place instead of renaming a new one over it.
        in_place: bool,
    },
    /// Reads the file repeatedly.
    Check {
        path: PathBuf,
        /// How often.
        count: u64,
    },
}

/// Counts of the reads so far.
#[derive(Debug, Default)]
struct Seen {
    reads: u64,
    torn: u64,
    absent: u64,
    distinct: BTreeSet<u64>,
}

impl ReplaceLoop {
    /// Parses the options of `rename-loop`.
    pub(crate) fn write(options: &mut Options) -> Result<Verb, UsageError> {
        let path = wait::path(options)?;
        let count = options.parsed("count")?;
        Ok(Verb::ReplaceLoop(Self::Write { path, count, in_place: options.flag("in-place") }))
    }

    /// Parses the options of `check-loop`.
    pub(crate) fn check(options: &mut Options) -> Result<Verb, UsageError> {
        let path = wait::path(options)?;
        Ok(Verb::ReplaceLoop(Self::Check { path, count: options.parsed_required("count")? }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Write { path, count, in_place } => write(log, &path, count, in_place),
            Self::Check { path, count } => {
                let mut seen = Seen::default();
                let result = check(&path, count, &mut seen);
                let params = Fields::new().text("path", path.as_os_str().as_bytes());
                let counted = Fields::new()
                    .number("reads", seen.reads)
                    .number("torn", seen.torn)
                    .number("absent", seen.absent)
                    .count("distinct", seen.distinct.len());
                log.attempt("check-loop", params.and(&counted), result.map(|()| Fields::new()))
            }
        }
    }
}

fn write(log: &mut Log, path: &Path, count: Option<u64>, in_place: bool) -> io::Result<Next> {
    let progress = |seq: u64| Fields::new().text("path", path.as_os_str().as_bytes()).number("count", seq);
    let mut seq = 0;
    while count.is_none_or(|count| seq < count) {
        let text = text(seq + 1);
        let written = if in_place { rewrite(path, &text) } else { replace(path, &text) };
        if let Err(error) = written {
            return log.act("rename-loop", progress(seq), Err(error));
        }
        seq += 1;
        if seq == 1 {
            log.done("rename-loop", &progress(seq).text("state", "looping"))?;
        }
    }
    log.done("rename-loop", &progress(seq).text("state", "ended"))
}

/// Writes a new file next to the path and renames it over the path.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

/// Truncates the file and writes it in small chunks.
fn rewrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    text.chunks(CHUNK).try_for_each(|chunk| file.write_all(chunk))
}

fn check(path: &Path, count: u64, seen: &mut Seen) -> io::Result<()> {
    wait::until_path_exists(path)?;
    while seen.reads < count {
        match fs::read(path) {
            Ok(text) => match number_in(&text) {
                Some(number) => {
                    seen.distinct.insert(number);
                }
                None => seen.torn += 1,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => seen.absent += 1,
            Err(error) => return Err(error),
        }
        seen.reads += 1;
    }
    Ok(())
}

/// The content with this sequence number.
fn text(seq: u64) -> Vec<u8> {
    // Consecutive files differ in every byte of the padding, so that a mixture is detected.
    let letter = if seq.is_multiple_of(2) { b'e' } else { b'o' };
    let padding = vec![letter; PADDING];
    let sum = checksum(&[format!("{seq} ").as_bytes(), &padding].concat());
    [format!("{seq} {sum:016x} ").as_bytes(), &padding].concat()
}

/// The sequence number, if the content is complete.
fn number_in(found: &[u8]) -> Option<u64> {
    let digits = found.split(|byte| *byte == b' ').next()?;
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    (text(number) == found).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_number_of_a_complete_file_is_found() {
        for seq in [1, 2, 9, u64::MAX] {
            assert_eq!(number_in(&text(seq)), Some(seq));
        }
    }

    #[test]
    fn truncated_and_mixed_files_are_torn() {
        let [one, two] = [text(1), text(2)];
        for length in (0..one.len()).step_by(61) {
            assert_eq!(number_in(&one[..length]), None, "{length}");
        }
        assert_eq!(number_in(&[&one[..4096], &two[4096..]].concat()), None);
        assert_eq!(number_in(b"\xff "), None);
    }
}
