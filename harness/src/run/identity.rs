//! Names that no other run has.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hex::hex;

/// A run's id: when it began, and a random part. Fit for file names, labels and namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A new one.
    pub fn new(now: Timestamp) -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), random_hex(4)?)))
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the run's `index`th namespace: `podproof-3fa9c1d2-12-same-namespace`. Another attempt has another
    /// one, `podproof-3fa9c1d2-12r2-same-namespace`: the first may still be going.
    pub(crate) fn namespace(&self, index: usize, attempt: u32, case: &str) -> String {
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
pub(crate) fn random_hex(bytes: usize) -> Result<String, getrandom::Error> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)?;
    Ok(hex(&random))
}
