//! Waivers: changes that an owner accepts until a date.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::read_text;
use crate::history::model::CaseKey;
use crate::plan::too_deep;

/// The largest file of waivers, in bytes.
const LARGEST: u64 = 4 << 20;

/// Accepts changes of some cases until a date, so that they are not regressions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The id of the case; `*` matches any characters.
    pub case: String,
    /// Why the change is accepted.
    pub reason: String,
    /// The person or team that is responsible.
    pub owner: String,
    /// The last day on which it is valid, in UTC.
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
    /// The file could not be read.
    #[error("read the waivers {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The YAML is nested too deeply.
    #[error("{} is not a list of waivers: {problem}", file.display())]
    Nested {
        /// The file.
        file: PathBuf,
        /// The problem.
        problem: String,
    },
    /// The YAML does not have the expected structure.
    #[error("{} is not a list of waivers", file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// The problem and its position.
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
    /// The waivers for a case: those valid at `at`, and those expired.
    pub(super) fn for_case(&self, key: &CaseKey, at: Timestamp) -> (Vec<&Waiver>, Vec<&Waiver>) {
        let day = at.to_zoned(TimeZone::UTC).date();
        let name = key.to_string();
        let named =
            self.waivers.iter().filter(|waiver| matches(&waiver.case, &name) || waiver.case == key.case);
        named.partition(|waiver| day <= waiver.expires)
    }
}

/// Returns whether `text` matches `pattern`, in which `*` matches any characters. Each piece matches at its first
/// occurrence, the last one at the end.
fn matches(pattern: &str, text: &str) -> bool {
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

    use super::matches;

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
    fn a_star_matches_any_characters(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, text), expected);
    }
}
