//! The name of one of podproof's own clusters.

use std::str::FromStr;

use thiserror::Error as ThisError;

/// A valid name for one of podproof's own clusters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterName(String);

/// An invalid cluster name.
#[derive(Debug, ThisError)]
#[error("`{name}` is not a cluster name: use lower-case letters, digits, `.` and `-`, at most 50 characters")]
pub struct ClusterNameError {
    name: String,
}

impl ClusterName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
