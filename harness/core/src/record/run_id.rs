//! Unique names of runs and their namespaces.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hex::hex;

/// A run's ID: its start time and a random part. A valid part of file names, labels and namespace names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// Creates the ID of a run that starts at `now`.
    pub fn new(now: Timestamp) -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), random_hex(4)?)))
    }

    /// The whole ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The namespace of the run's case `index`: `podproof-3fa9c1d2-12-same-namespace`. A retry gets another one,
    /// `podproof-3fa9c1d2-12r2-same-namespace`, because the first may still be terminating.
    #[must_use]
    pub fn namespace(&self, index: usize, attempt: u32, case: &str) -> String {
        const LONGEST: usize = 63;
        let random = self.0.rsplit('-').next().unwrap_or_default();
        let again = if attempt > 1 { format!("r{attempt}") } else { String::new() };
        let mut name = format!("podproof-{random}-{index}{again}-{case}");
        name.truncate(LONGEST);
        name.trim_end_matches('-').to_owned()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `bytes` random bytes as lowercase hexadecimal digits.
pub fn random_hex(bytes: usize) -> Result<String, getrandom::Error> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)?;
    Ok(hex(&random))
}
