//! A file that is exchanged for a new one again and again, and a reader that looks for halves of it.
//!
//! The text is `SEQ CHECKSUM PADDING`; the checksum covers the other two, so a text that is cut or mixed is
//! known by itself.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::payload::checksum;
use crate::report::{Log, Next};
use crate::verb::Verb;
use crate::wait;

/// More than a page, so that no reader gets it whole by luck.
const PADDING: usize = 8192;

/// How much is written at once when a file is rewritten in place.
const CHUNK: usize = 256;

/// `rename-loop` or `check-loop`
#[derive(Debug)]
pub(crate) enum Exchange {
    /// Exchanges the file.
    Write {
        /// The file.
        path: PathBuf,
        /// How often; for ever if there is none.
        count: Option<u64>,
        /// Whether the file is rewritten, as it should not be, instead of exchanged.
        in_place: bool,
    },
    /// Reads the file.
    Check {
        /// The file.
        path: PathBuf,
        /// How often.
        count: u64,
    },
}

/// What a reader has seen so far.
#[derive(Debug, Default)]
struct Seen {
    reads: u64,
    torn: u64,
    absent: u64,
    distinct: BTreeSet<u64>,
}

impl Exchange {
    /// Reads `rename-loop`.
    pub(crate) fn write(options: &mut Options) -> Result<Verb, Usage> {
        let path = wait::path(options)?;
        let count = options.parsed("count")?;
        Ok(Verb::Exchange(Self::Write { path, count, in_place: options.flag("in-place") }))
    }

    /// Reads `check-loop`.
    pub(crate) fn check(options: &mut Options) -> Result<Verb, Usage> {
        let path = wait::path(options)?;
        Ok(Verb::Exchange(Self::Check { path, count: options.parsed_required("count")? }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Write { path, count, in_place } => write(log, &path, count, in_place),
            Self::Check { path, count } => {
                let mut seen = Seen::default();
                let result = check(&path, count, &mut seen);
                let asked = Fields::new().text("path", path.as_os_str().as_bytes());
                let counted = Fields::new()
                    .number("reads", seen.reads)
                    .number("torn", seen.torn)
                    .number("absent", seen.absent)
                    .count("distinct", seen.distinct.len());
                log.attempt("check-loop", asked.and(&counted), result.map(|()| Fields::new()))
            }
        }
    }
}

fn write(log: &mut Log, path: &Path, count: Option<u64>, in_place: bool) -> io::Result<Next> {
    let told = |seq: u64| Fields::new().text("path", path.as_os_str().as_bytes()).number("count", seq);
    let mut seq = 0;
    while count.is_none_or(|count| seq < count) {
        let text = text(seq + 1);
        let written = if in_place { rewrite(path, &text) } else { replace(path, &text) };
        if let Err(error) = written {
            return log.act("rename-loop", told(seq), Err(error));
        }
        seq += 1;
        if seq == 1 {
            log.done("rename-loop", &told(seq).text("state", "looping"))?;
        }
    }
    log.done("rename-loop", &told(seq).text("state", "ended"))
}

/// Writes a file beside the path and puts it there whole.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

/// Writes over what is there, a little at a time.
fn rewrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    text.chunks(CHUNK).try_for_each(|chunk| file.write_all(chunk))
}

fn check(path: &Path, count: u64, seen: &mut Seen) -> io::Result<()> {
    wait::until_there(path)?;
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

/// The text with this number.
fn text(seq: u64) -> Vec<u8> {
    // Neighbours must differ everywhere: a mixture of two is noticed.
    let letter = if seq.is_multiple_of(2) { b'e' } else { b'o' };
    let padding = vec![letter; PADDING];
    let sum = checksum(&[format!("{seq} ").as_bytes(), &padding].concat());
    [format!("{seq} {sum:016x} ").as_bytes(), &padding].concat()
}

/// The number in a text, if the text is whole.
fn number_in(found: &[u8]) -> Option<u64> {
    let digits = found.split(|byte| *byte == b' ').next()?;
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    (text(number) == found).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_text_tells_its_number() {
        for seq in [1, 2, 9, u64::MAX] {
            assert_eq!(number_in(&text(seq)), Some(seq));
        }
    }

    #[test]
    fn no_part_and_no_mixture_is_whole() {
        let [one, two] = [text(1), text(2)];
        for length in (0..one.len()).step_by(61) {
            assert_eq!(number_in(&one[..length]), None, "{length}");
        }
        assert_eq!(number_in(&[&one[..4096], &two[4096..]].concat()), None);
        assert_eq!(number_in(b"\xff "), None);
    }
}
