//! Which version's promises a cluster can keep: those of the oldest part that a pod meets.

use crate::cluster::{Facts, NodeFacts};
use crate::plan::MinorVersion;

/// The oldest part of a cluster.
pub(super) struct Oldest<'a> {
    /// Its minor version.
    pub(super) version: MinorVersion,
    /// Its release, `v1.20.2`.
    pub(super) release: &'a str,
    /// The node whose kubelet it is; absent where it is the API server.
    pub(super) node: Option<&'a str>,
}

/// The oldest of the API server and the kubelets under which a pod can come to run. A version that cannot be read
/// is none; of equals the API server counts.
pub(super) fn oldest(facts: &Facts) -> Option<Oldest<'_>> {
    let kubelets = homes(facts).map(|node| (node.kubelet.as_str(), Some(node.name.as_str())));
    let all = std::iter::once((facts.version.as_str(), None)).chain(kubelets);
    let known = all.filter_map(|(release, node)| {
        Some(Oldest { version: MinorVersion::of_release(release)?, release, node })
    });
    known.min_by_key(|part| part.version)
}

/// Whether a cluster makes a claim that is made since `since`: all parts of it that a pod meets must be as new.
pub(super) fn is_made(since: Option<MinorVersion>, facts: &Facts) -> bool {
    // A version that cannot be read is no reason to leave something out.
    since.is_none_or(|since| oldest(facts).is_none_or(|oldest| oldest.version >= since))
}

/// The nodes on which pods of a case can come to run: what one of them lacks, a pod can meet.
pub(super) fn homes(facts: &Facts) -> impl Iterator<Item = &NodeFacts> {
    facts.nodes.iter().filter(|node| node.schedulable)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn facts(api_server: &str, kubelets: &[(&str, bool)]) -> Facts {
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
        #[case] made: bool,
    ) {
        let facts = facts(api_server, kubelets);
        assert_eq!(is_made(Some(MinorVersion::new(1, 35)), &facts), made);
        assert!(is_made(None, &facts));
    }
}
