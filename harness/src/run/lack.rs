//! What a cluster lacks for a case.

use crate::cluster::Facts;
use crate::plan::{Claim, MinorVersion, Need};

/// Why the case of `claim` cannot be run on this cluster, where that is so.
pub(super) fn lack(claim: &Claim, facts: &Facts) -> Option<String> {
    if !is_made(claim.since, &facts.version) {
        let since = claim.since?;
        return Some(format!("Kubernetes {since} is needed, this is {}", facts.version));
    }
    let lacking = claim.needs.iter().find(|need| !has(facts, **need))?;
    Some(format!("the cluster lacks: {lacking}"))
}

/// Whether clusters of this version make a claim that is made since `since`.
pub(super) fn is_made(since: Option<MinorVersion>, version: &str) -> bool {
    // A version that cannot be read is no reason to leave something out.
    let version = MinorVersion::of_release(version);
    since.is_none_or(|since| version.is_none_or(|version| version >= since))
}

fn has(facts: &Facts, need: Need) -> bool {
    match need {
        Need::ClusterDns => facts.cluster_dns,
        Need::NodeContainers => facts.node_containers,
        Need::TwoNodes => facts.nodes.iter().filter(|node| node.schedulable).count() >= 2,
    }
}
