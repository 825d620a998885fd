//! A fact that the evidence does not hold.

use thiserror::Error;

/// A fact that the evidence does not contain. It makes the verdict inconclusive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not seen: {what}")]
pub struct Missing {
    what: String,
}

impl Missing {
    /// Describes the missing fact with a noun phrase.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}
