//! The order in which a manifest lists the two containers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The container that the manifest lists first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListOrder {
    /// The producer, as in the article.
    Original,
    /// The consumer.
    Swapped,
}

impl ListOrder {
    /// Both orders.
    pub const ALL: [Self; 2] = [Self::Original, Self::Swapped];

    /// `original` or `swapped`, which is also the name of the pod in the manifest.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Swapped => "swapped",
        }
    }
}

impl fmt::Display for ListOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
