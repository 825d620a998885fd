//! The environment of a run: facts that are stored with its results and are not part of a case's identity.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::cluster_facts;
use crate::record::RunRecord;

/// The series of a run whose cluster has no known name.
pub const DEFAULT_SERIES: &str = "default";

/// The facts of an environment, by name.
pub type EnvironmentFacts = BTreeMap<String, String>;

/// A fact that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FactChange {
    /// The fact's name.
    pub fact: String,
    /// Its old value; `None` if unknown.
    pub before: Option<String>,
    /// Its new value; `None` if unknown.
    pub after: Option<String>,
}

/// The facts of a podproof run. They leave out the names of nodes, which change with every new cloud cluster, and the
/// name of the cluster, which is the name of the series.
#[must_use]
pub fn facts_of(record: &RunRecord) -> EnvironmentFacts {
    let cluster_facts::ClusterFacts { name: _, version, nodes, cluster_dns, node_containers, capabilities } =
        &record.cluster;
    // Values that nodes share appear once.
    let each = |value: fn(&cluster_facts::NodeFacts) -> String| {
        let values: BTreeSet<_> = nodes.iter().map(value).collect();
        values.into_iter().collect::<Vec<_>>().join(", ")
    };
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let facts = [
        ("version", version.clone()),
        ("nodes", nodes.len().to_string()),
        ("kubelet", each(|node| node.kubelet.clone())),
        ("runtime", each(|node| node.runtime.clone())),
        ("os", each(|node| node.os.clone())),
        ("kernel", each(|node| node.kernel.clone())),
        ("architecture", each(|node| node.architecture.clone())),
        ("millicores", each(|node| node.millicores.to_string())),
        ("cluster-dns", yes_or_no(*cluster_dns)),
        ("node-containers", yes_or_no(*node_containers)),
        ("podproof", record.podproof.clone()),
        ("parallel", record.parallel.to_string()),
    ];
    let gates = capabilities.gates.iter().map(|(gate, on)| (format!("gate {gate}"), yes_or_no(*on)));
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(gates).collect()
}

/// The default series of a run: the name of its cluster.
#[must_use]
pub fn series_of(record: &RunRecord) -> &str {
    record.cluster.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT_SERIES)
}

/// The facts that differ, sorted by name.
#[must_use]
pub fn changed_facts(before: &EnvironmentFacts, after: &EnvironmentFacts) -> Vec<FactChange> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| FactChange {
            fact: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_facts_are_sorted_by_name() {
        let facts = |pairs: &[(&str, &str)]| -> EnvironmentFacts {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = facts(&[("kernel", "6.1"), ("os", "Debian"), ("version", "v1.20.2")]);
        let after = facts(&[("dns", "yes"), ("os", "Debian"), ("version", "v1.20.5")]);
        let changed: Vec<_> = changed_facts(&before, &after)
            .into_iter()
            .map(|FactChange { fact, before, after }| (fact, before.is_some(), after.is_some()))
            .collect();
        let expected = [("dns", false, true), ("kernel", true, false), ("version", true, true)];
        assert_eq!(changed, expected.map(|(fact, before, after)| (fact.to_owned(), before, after)));
    }
}
