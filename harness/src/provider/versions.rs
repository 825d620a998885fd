//! The versions and image names in `ci/versions.env`, and the parsing of version numbers.

use std::fmt;
use std::sync::LazyLock;

use thiserror::Error;

const FILE: &str = include_str!("../../../ci/versions.env");

/// The contents of `ci/versions.env`.
#[derive(Debug)]
pub struct Versions {
    /// The Debian release of nodes and workloads.
    pub debian_suite: &'static str,
    /// The oldest supported version of kind.
    pub kind_minimum: &'static str,
    /// The Kubernetes version that is built from Debian's source package.
    pub kubernetes: &'static str,
    /// The Go version that builds it.
    pub go: &'static str,
    /// The node image of kind that podproof tries to pull.
    pub kindest_node: &'static str,
    /// The repository of node images that podproof builds.
    pub node_image: &'static str,
    /// The repository of the plain Debian workload image.
    pub debian_image: &'static str,
    /// The repository of the nginx workload image.
    pub nginx_image: &'static str,
    /// The repository of the probe's image.
    pub probe_image: &'static str,
}

/// The versions this program was built with.
pub static VERSIONS: LazyLock<Versions> = LazyLock::new(|| Versions {
    debian_suite: value("DEBIAN_SUITE"),
    kind_minimum: value("KIND_MINIMUM"),
    kubernetes: value("KUBERNETES_VERSION"),
    go: value("GO_VERSION"),
    kindest_node: value("KINDEST_NODE"),
    node_image: value("NODE_IMAGE"),
    debian_image: value("DEBIAN_IMAGE"),
    nginx_image: value("NGINX_IMAGE"),
    probe_image: value("PROBE_IMAGE"),
});

fn value(name: &str) -> &'static str {
    let lines = FILE.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next_back().unwrap_or_default()
}

/// A version with three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The patch version.
    pub patch: u32,
}

/// A text that contains no version.
#[derive(Debug, Error)]
#[error("no version in `{text}`")]
pub struct VersionError {
    text: String,
}

impl Version {
    /// Finds the first `1.2.3` in a text like `Kubernetes v1.20.2` or `kind v0.27.0 go1.24.4 linux/amd64`.
    pub fn find(text: &str) -> Result<Self, VersionError> {
        text.split(|c: char| c.is_whitespace() || c == '-' || c == '+')
            .find_map(Self::parse)
            .ok_or_else(|| VersionError { text: text.trim().to_owned() })
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.strip_prefix('v').unwrap_or(word).split('.').map(str::parse);
        let version =
            Self { major: numbers.next()?.ok()?, minor: numbers.next()?.ok()?, patch: numbers.next()?.ok()? };
        numbers.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("kind v0.27.0 go1.24.4 linux/amd64", "v0.27.0")]
    #[case("Kubernetes v1.20.2\n", "v1.20.2")]
    #[case("v1.36.0-rc.1+abc", "v1.36.0")]
    #[case("v0.9.1", "v0.9.1")]
    fn the_first_version_is_found(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Version::find(text).unwrap().to_string(), expected);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(Version::find("0.9.9").unwrap() < Version::find("0.27.0").unwrap());
        assert!(Version::find("none").is_err());
    }

    #[test]
    fn every_value_is_set() {
        let shown = format!("{:?}", *VERSIONS);
        assert!(!shown.contains("\"\""), "{shown}");
    }
}
