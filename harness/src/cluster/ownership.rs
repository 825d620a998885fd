//! Whose a cluster is: a mark written before it is made.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

use super::Host;
use super::error::Error;
use super::kind::CREATE_PATIENCE;
use super::which_engine::Origin;
use crate::disk::write_whole;

/// The name of a cluster of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterName(String);

/// A name that no cluster can have.
#[derive(Debug, ThisError)]
#[error("`{name}` is no cluster name: lower-case letters, digits, `.` and `-`, at most 50 of them")]
pub struct ClusterNameError {
    name: String,
}

impl ClusterName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The context that kind gives it.
    #[must_use]
    pub fn context(&self) -> String {
        format!("kind-{}", self.0)
    }
}

impl Default for ClusterName {
    fn default() -> Self {
        Self("podproof".to_owned())
    }
}

impl FromStr for ClusterName {
    type Err = ClusterNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let good = name.len() <= 50
            && name.chars().all(allowed)
            && ends_well(name.chars().next())
            && ends_well(name.chars().next_back());
        if good { Ok(Self(name.to_owned())) } else { Err(ClusterNameError { name: name.to_owned() }) }
    }
}

/// What we know of a cluster of ours, on disk in its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The version of this format.
    pub format: u32,
    /// The node image.
    pub image: String,
    /// The configuration it was asked with.
    pub topology: String,
    /// The engine it was made on; absent in older marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Origin>,
    /// The node containers; none while it is being made.
    pub containers: BTreeSet<String>,
}

/// What stands between us and a cluster of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// There is none.
    Free,
    /// There is one, and we did not make it.
    Foreign,
    /// We began to make it and did not end.
    Unfinished,
    /// We made it.
    Ours(Mark),
}

/// Decides whose the containers of this name are.
#[must_use]
pub fn claim(mark: Option<Mark>, containers: &BTreeSet<String>) -> Claim {
    if containers.is_empty() {
        return Claim::Free;
    }
    match mark {
        // The mark is written only where no cluster of this name was, so what there is now is what we began.
        Some(mark) if mark.containers.is_empty() => Claim::Unfinished,
        Some(mark) if containers.is_subset(&mark.containers) => Claim::Ours(mark),
        Some(_) | None => Claim::Foreign,
    }
}

impl Mark {
    /// Reads the mark of a cluster; one that cannot be read is no mark.
    #[must_use]
    pub fn read(host: &Host, name: &ClusterName) -> Option<Self> {
        let bytes = fs::read(Self::file(host, name)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|mark: &Self| mark.format == 1)
    }

    /// Writes it.
    pub fn write(&self, host: &Host, name: &ClusterName) -> Result<(), Error> {
        let file = Self::file(host, name);
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::file(&file)(error.into()))?;
        write_whole(&file, &text).map_err(Error::file(&file))
    }

    /// The latest moment at which a creation that began with this mark can have made a container.
    pub(super) fn latest_creation(host: &Host, name: &ClusterName) -> Option<SystemTime> {
        let written = fs::metadata(Self::file(host, name)).and_then(|data| data.modified()).ok()?;
        Some(written + CREATE_PATIENCE + Duration::from_secs(60))
    }

    fn file(host: &Host, name: &ClusterName) -> PathBuf {
        host.folders.cluster(name.as_str()).join("mark.json")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    fn marked(containers: &[&str]) -> Mark {
        let containers = set(containers);
        Mark { format: 1, image: "i".into(), topology: "one-node".into(), engine: None, containers }
    }

    #[rstest]
    #[case(None, &[], Claim::Free)]
    #[case(Some(marked(&["a"])), &[], Claim::Free)]
    #[case(None, &["a"], Claim::Foreign)]
    #[case(Some(marked(&[])), &["a"], Claim::Unfinished)]
    #[case(Some(marked(&["a", "b"])), &["b"], Claim::Ours(marked(&["a", "b"])))]
    #[case(Some(marked(&["a"])), &["a", "c"], Claim::Foreign)]
    fn only_what_we_made_is_ours(
        #[case] mark: Option<Mark>,
        #[case] found: &[&str],
        #[case] expected: Claim,
    ) {
        assert_eq!(claim(mark, &set(found)), expected);
    }

    #[rstest]
    #[case("podproof", true)]
    #[case("a.b-1", true)]
    #[case("", false)]
    #[case("../x", false)]
    #[case("-a", false)]
    #[case("Upper", false)]
    fn names_are_checked(#[case] name: &str, #[case] good: bool) {
        assert_eq!(name.parse::<ClusterName>().is_ok(), good);
    }
}
