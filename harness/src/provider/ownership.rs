//! Records which clusters podproof owns, in a mark that is written before a cluster is created.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::cluster_name::ClusterName;
use super::containers::{Node, identifiers};
use super::engine::Origin;
use super::error::ClusterError;
use crate::host::Host;
use podproof_core::disk::write_whole;

/// Time limit for creating a cluster.
pub(super) const CREATE_PATIENCE: Duration = Duration::from_secs(600);

/// The record of one of podproof's own clusters, stored as `mark.json` in its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnershipMark {
    /// The format version.
    pub format: u32,
    /// The node image.
    pub image: String,
    /// The requested topology.
    pub topology: String,
    /// The engine on which it was created; `None` in marks of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Origin>,
    /// The identifiers of the node containers; empty while the cluster is being created.
    pub containers: BTreeSet<String>,
}

/// The owner of the node containers of a cluster name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// There are no containers.
    Free,
    /// podproof did not create them.
    Foreign,
    /// podproof began to create them, but did not finish.
    Unfinished,
    /// podproof created them.
    Ours(OwnershipMark),
}

impl Ownership {
    /// Decides who owns the containers of a cluster name.
    #[must_use]
    pub fn of(mark: Option<OwnershipMark>, containers: &BTreeSet<String>) -> Self {
        if containers.is_empty() {
            return Self::Free;
        }
        match mark {
            // The mark is written only when no cluster has this name, so these containers are from that creation.
            Some(mark) if mark.containers.is_empty() => Self::Unfinished,
            Some(mark) if containers.is_subset(&mark.containers) => Self::Ours(mark),
            Some(_) | None => Self::Foreign,
        }
    }
}

/// Decides who owns the containers of a cluster name, by the cluster's mark.
pub(super) fn ownership_of(host: &Host, name: &ClusterName, present: &[Node]) -> Ownership {
    let ownership = Ownership::of(OwnershipMark::read(host, name), &identifiers(present));
    // A creation that was killed leaves a mark. Containers created long after that mark belong to somebody else.
    let deadline = OwnershipMark::creation_deadline(host, name);
    let is_too_late =
        |node: &Node| node.created_at().zip(deadline).is_some_and(|(created, deadline)| created > deadline);
    if ownership == Ownership::Unfinished && present.iter().any(is_too_late) {
        Ownership::Foreign
    } else {
        ownership
    }
}

impl OwnershipMark {
    /// Reads the mark of a cluster; `None` if there is none or it is unreadable.
    #[must_use]
    pub fn read(host: &Host, name: &ClusterName) -> Option<Self> {
        let bytes = fs::read(Self::file(host, name)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|mark: &Self| mark.format == 1)
    }

    /// Writes the mark.
    pub fn write(&self, host: &Host, name: &ClusterName) -> Result<(), ClusterError> {
        let file = Self::file(host, name);
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| ClusterError::file(&file)(error.into()))?;
        write_whole(&file, &text).map_err(ClusterError::file(&file))
    }

    /// The latest time at which the creation that wrote this mark can have created a container.
    pub(super) fn creation_deadline(host: &Host, name: &ClusterName) -> Option<SystemTime> {
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

    fn marked(containers: &[&str]) -> OwnershipMark {
        let containers = set(containers);
        OwnershipMark { format: 1, image: "i".into(), topology: "one-node".into(), engine: None, containers }
    }

    #[rstest]
    #[case(None, &[], Ownership::Free)]
    #[case(Some(marked(&["a"])), &[], Ownership::Free)]
    #[case(None, &["a"], Ownership::Foreign)]
    #[case(Some(marked(&[])), &["a"], Ownership::Unfinished)]
    #[case(Some(marked(&["a", "b"])), &["b"], Ownership::Ours(marked(&["a", "b"])))]
    #[case(Some(marked(&["a"])), &["a", "c"], Ownership::Foreign)]
    fn only_recorded_containers_are_owned(
        #[case] mark: Option<OwnershipMark>,
        #[case] found: &[&str],
        #[case] expected: Ownership,
    ) {
        assert_eq!(Ownership::of(mark, &set(found)), expected);
    }

    #[rstest]
    #[case("podproof", true)]
    #[case("a.b-1", true)]
    #[case("", false)]
    #[case("../x", false)]
    #[case("-a", false)]
    #[case("Upper", false)]
    fn cluster_names_are_validated(#[case] name: &str, #[case] good: bool) {
        assert_eq!(name.parse::<ClusterName>().is_ok(), good);
    }
}
