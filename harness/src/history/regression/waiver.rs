//! Changes that somebody answers for until a day.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::read_text;
use crate::history::kept::CaseKey;
use crate::plan::too_deep;

/// The largest file of waivers that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Who answers for a change, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The cases: an id, in which `*` stands for any characters.
    pub case: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
}

/// A file of waivers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waivers {
    /// The waivers.
    pub waivers: Vec<Waiver>,
}

/// Waivers could not be read.
#[derive(Debug, Error)]
pub enum WaiverError {
    /// The file system refused.
    #[error("read the waivers {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is nested too deeply to be one.
    #[error("{} is no list of waivers: {problem}", file.display())]
    Nested {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The file is not of the form.
    #[error("{} is no list of waivers", file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        source: serde_yaml::Error,
    },
}

/// Reads a file of waivers: a YAML list `waivers`, each with `case`, `reason`, `owner` and `expires`.
pub fn read_waivers(file: &Path) -> Result<Waivers, WaiverError> {
    let text =
        read_text(file, LARGEST).map_err(|source| WaiverError::File { file: file.to_owned(), source })?;
    if let Some(problem) = too_deep(&text) {
        return Err(WaiverError::Nested { file: file.to_owned(), problem });
    }
    serde_yaml::from_str(&text).map_err(|source| WaiverError::Form { file: file.to_owned(), source })
}

impl Waivers {
    /// The waivers for a case that hold at a time, and those that do no more.
    pub(super) fn for_case(&self, key: &CaseKey, at: Timestamp) -> (Vec<&Waiver>, Vec<&Waiver>) {
        let day = at.to_zoned(TimeZone::UTC).date();
        let name = key.to_string();
        let named = self.waivers.iter().filter(|waiver| fits(&waiver.case, &name) || waiver.case == key.case);
        named.partition(|waiver| day <= waiver.expires)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters: each piece is taken where it first fits, the
/// last one at the end.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let head = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let Some(tail) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::fits;

    #[rstest]
    #[case("ipc/a", "ipc/a", true)]
    #[case("ipc/a", "ipc/ab", false)]
    #[case("ipc/*", "ipc/ab", true)]
    #[case("*/ab", "ipc/ab", true)]
    #[case("ipc/*b", "ipc/ab", true)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*b*c", "ac", false)]
    #[case("*", "", true)]
    #[case("ab*ba", "aba", false)]
    fn a_star_stands_for_anything(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(fits(pattern, text), expected);
    }
}
