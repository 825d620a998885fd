//! The remedies that are compared, and their manifests.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::plan::{Manifest, ManifestError, MinorVersion, Tree};

/// Which of the two containers the manifest lists first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListOrder {
    /// The producer, as the article does.
    Original,
    /// The consumer.
    Swapped,
}

impl ListOrder {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Original, Self::Swapped];

    /// `original` or `swapped`, which is also how the pod is called in the manifest.
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

/// What stands for a strategy's name: its first Kubernetes minor version, where not every one has what it needs.
struct Known {
    name: &'static str,
    since: Option<&'static str>,
}

const KNOWN: [Known; 9] = [
    Known { name: "none", since: None },
    Known { name: "retry", since: None },
    Known { name: "marker-file", since: None },
    Known { name: "init-creates", since: None },
    Known { name: "init-waits", since: None },
    Known { name: "poststart", since: None },
    Known { name: "onfailure", since: None },
    Known { name: "sidecar", since: Some("1.29") },
    Known { name: "container-onfailure", since: Some("1.35") },
];

/// One remedy with its two pods.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    since: Option<&'static str>,
    manifest: Manifest,
}

/// The strategies that were asked for are not to be had.
#[derive(Debug, Error)]
pub enum StrategyError {
    /// There is none of that name.
    #[error("there is no strategy `{name}`; there are {}", Strategy::names().join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// Its manifest is bad.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl Strategy {
    /// The names of all, in the order of the table.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        KNOWN.iter().map(|known| known.name).collect()
    }

    /// The strategies called so, in the order of the table; all, if none is named.
    pub fn chosen(tree: &Tree, names: &[String]) -> Result<Vec<Self>, StrategyError> {
        if let Some(name) = names.iter().find(|name| KNOWN.iter().all(|known| known.name != name.as_str())) {
            return Err(StrategyError::Unknown { name: name.clone() });
        }
        let asked = |known: &&Known| names.is_empty() || names.iter().any(|name| name == known.name);
        KNOWN.iter().filter(asked).map(|known| Self::read(tree, known)).collect()
    }

    fn read(tree: &Tree, known: &Known) -> Result<Self, StrategyError> {
        let manifest = Manifest::read(tree, &format!("experiments/startup/{}.yaml", known.name))?;
        Ok(Self { name: known.name, since: known.since, manifest })
    }

    /// Why a cluster of this version cannot run it, where that is so. A version that cannot be read is no reason.
    #[must_use]
    pub fn lacks(&self, version: &str) -> Option<String> {
        let (needed, seen) = (MinorVersion::of_release(self.since?)?, MinorVersion::of_release(version)?);
        (seen < needed).then(|| format!("Kubernetes {needed} is needed, this is {version}"))
    }

    /// Its pod in this order, once under each of the names.
    pub(super) fn pods(&self, order: ListOrder, names: &[String]) -> Option<Manifest> {
        self.manifest.copies(order.word(), names)
    }
}

#[cfg(test)]
mod tests {
    use super::Strategy;
    use crate::plan::Tree;

    #[test]
    fn what_a_version_lacks_is_said() {
        let lacks = |name: &str, version: &str| {
            let chosen = Strategy::chosen(&Tree::Embedded, &[name.to_owned()]);
            chosen.ok().and_then(|chosen| chosen.first().and_then(|strategy| strategy.lacks(version)))
        };
        assert_eq!(lacks("none", "v1.16.0"), None);
        assert_eq!(lacks("sidecar", "v1.29.0"), None);
        assert_eq!(
            lacks("sidecar", "v1.28.9").as_deref(),
            Some("Kubernetes 1.29 is needed, this is v1.28.9")
        );
    }
}
