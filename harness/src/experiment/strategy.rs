//! The strategies that an experiment compares, and their manifests.

use thiserror::Error;

use podproof_core::plan::{Manifest, ManifestError, MinorVersion, Tree};
use podproof_core::trials::ListOrder;

/// A strategy and the first Kubernetes minor version that supports it; `None` means any.
struct StrategyInfo {
    name: &'static str,
    since: Option<&'static str>,
}

const STRATEGIES: [StrategyInfo; 9] = [
    StrategyInfo { name: "none", since: None },
    StrategyInfo { name: "retry", since: None },
    StrategyInfo { name: "marker-file", since: None },
    StrategyInfo { name: "init-creates", since: None },
    StrategyInfo { name: "init-waits", since: None },
    StrategyInfo { name: "poststart", since: None },
    StrategyInfo { name: "onfailure", since: None },
    StrategyInfo { name: "sidecar", since: Some("1.29") },
    StrategyInfo { name: "container-onfailure", since: Some("1.35") },
];

/// A strategy with a pod for each list order.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// The name of the strategy.
    pub name: &'static str,
    since: Option<&'static str>,
    manifest: Manifest,
}

/// The selected strategies are unavailable.
#[derive(Debug, Error)]
pub enum StrategyError {
    /// No strategy has this name.
    #[error("there is no strategy `{name}`; there are {}", Strategy::names().join(", "))]
    Unknown {
        /// The unknown name.
        name: String,
    },
    /// The manifest of a strategy is invalid.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl Strategy {
    /// The names of all strategies, in table order.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        STRATEGIES.iter().map(|info| info.name).collect()
    }

    /// The strategies with these names, in table order; all of them if `names` is empty.
    pub fn select(tree: &Tree, names: &[String]) -> Result<Vec<Self>, StrategyError> {
        if let Some(name) = names.iter().find(|name| STRATEGIES.iter().all(|info| info.name != name.as_str()))
        {
            return Err(StrategyError::Unknown { name: name.clone() });
        }
        let is_selected =
            |info: &&StrategyInfo| names.is_empty() || names.iter().any(|name| name == info.name);
        STRATEGIES.iter().filter(is_selected).map(|info| Self::read(tree, info)).collect()
    }

    fn read(tree: &Tree, info: &StrategyInfo) -> Result<Self, StrategyError> {
        let manifest = Manifest::read(tree, &format!("experiments/startup/{}.yaml", info.name))?;
        Ok(Self { name: info.name, since: info.since, manifest })
    }

    /// Why a cluster of this version cannot run the strategy; `None` if it can, or if the version cannot be parsed.
    #[must_use]
    pub fn unsupported_reason(&self, version: &str) -> Option<String> {
        let (needed, seen) = (MinorVersion::of_release(self.since?)?, MinorVersion::of_release(version)?);
        (seen < needed).then(|| format!("Kubernetes {needed} is needed, this is {version}"))
    }

    /// Copies of the strategy's pod for this list order, one for each of the names.
    pub(super) fn pods(&self, order: ListOrder, names: &[String]) -> Option<Manifest> {
        self.manifest.copies(order.word(), names)
    }
}

#[cfg(test)]
mod tests {
    use super::Strategy;
    use podproof_core::plan::Tree;

    #[test]
    fn a_version_that_is_too_old_is_reported() {
        let unsupported_reason = |name: &str, version: &str| {
            let chosen = Strategy::select(&Tree::Embedded, &[name.to_owned()]);
            chosen
                .ok()
                .and_then(|chosen| chosen.first().and_then(|strategy| strategy.unsupported_reason(version)))
        };
        assert_eq!(unsupported_reason("none", "v1.16.0"), None);
        assert_eq!(unsupported_reason("sidecar", "v1.29.0"), None);
        assert_eq!(
            unsupported_reason("sidecar", "v1.28.9").as_deref(),
            Some("Kubernetes 1.29 is needed, this is v1.28.9")
        );
    }
}
