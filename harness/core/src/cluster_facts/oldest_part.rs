//! The oldest component of a cluster. It decides which claims apply.

use crate::cluster_facts::{ClusterFacts, NodeFacts};
use crate::plan::MinorVersion;

/// The oldest component of a cluster that is involved in running pods.
pub struct OldestPart<'a> {
    /// Its minor version.
    pub version: MinorVersion,
    /// Its release, `v1.20.2`.
    pub release: &'a str,
    /// The node of that kubelet; `None` for the API server.
    pub node: Option<&'a str>,
}

/// The oldest among the API server and the kubelets of schedulable nodes. Unreadable versions are ignored, and the API
/// server wins a tie.
#[must_use]
pub fn oldest(facts: &ClusterFacts) -> Option<OldestPart<'_>> {
    let kubelets = schedulable_nodes(facts).map(|node| (node.kubelet.as_str(), Some(node.name.as_str())));
    let all = std::iter::once((facts.version.as_str(), None)).chain(kubelets);
    let known = all.filter_map(|(release, node)| {
        Some(OldestPart { version: MinorVersion::of_release(release)?, release, node })
    });
    known.min_by_key(|part| part.version)
}

/// Returns whether every component involved in running pods has at least the version `since`.
#[must_use]
pub fn is_new_enough(since: Option<MinorVersion>, facts: &ClusterFacts) -> bool {
    // An unreadable version is no reason to skip a claim.
    since.is_none_or(|since| oldest(facts).is_none_or(|oldest| oldest.version >= since))
}

/// The nodes on which the pods of a case may run.
pub fn schedulable_nodes(facts: &ClusterFacts) -> impl Iterator<Item = &NodeFacts> {
    facts.nodes.iter().filter(|node| node.schedulable)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn facts(api_server: &str, kubelets: &[(&str, bool)]) -> ClusterFacts {
        let node = |(kubelet, schedulable): &(&str, bool)| {
            json!({
                "name": format!("with-{kubelet}"), "kubelet": kubelet, "runtime": "", "os": "", "kernel": "",
                "architecture": "", "pods": 110, "schedulable": schedulable,
            })
        };
        let nodes: Vec<_> = kubelets.iter().map(node).collect();
        serde_json::from_value(json!({ "version": api_server, "nodes": nodes })).expect("facts")
    }

    #[rstest]
    #[case::all_alike("v1.35.1", &[("v1.35.1", true)], true)]
    #[case::old_kubelet("v1.35.1", &[("v1.35.1", true), ("v1.34.3", true)], false)]
    #[case::old_kubelet_without_pods("v1.35.1", &[("v1.35.1", true), ("v1.34.3", false)], true)]
    #[case::old_api_server("v1.34.3", &[("v1.35.1", true)], false)]
    #[case::unreadable_kubelet("v1.35.1", &[("", true)], true)]
    #[case::unreadable_api_server("devel", &[("v1.34.3", true)], false)]
    #[case::nothing_readable("devel", &[("", true)], true)]
    fn the_oldest_part_decides(
        #[case] api_server: &str,
        #[case] kubelets: &[(&str, bool)],
        #[case] new_enough: bool,
    ) {
        let facts = facts(api_server, kubelets);
        assert_eq!(is_new_enough(Some(MinorVersion::new(1, 35)), &facts), new_enough);
        assert!(is_new_enough(None, &facts));
    }
}
