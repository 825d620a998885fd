//! What is known of a run's environment: facts beside its results, never part of a case's identity.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::cluster;
use crate::run::RunRecord;

/// The series of runs of which not even the cluster's name is known.
pub const DEFAULT_SERIES: &str = "default";

/// An environment, as names and values.
pub type Facts = BTreeMap<String, String>;

/// A fact that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FactChange {
    /// The fact's name.
    pub fact: String,
    /// What it was; absent where it was not known.
    pub before: Option<String>,
    /// What it is; absent where it is not known.
    pub after: Option<String>,
}

/// The facts of a run of podproof. Names of nodes are none of them: in a cloud they are new every night. That of the
/// cluster is none either: it is the series'.
#[must_use]
pub fn facts_of(record: &RunRecord) -> Facts {
    let cluster::Facts { name: _, version, nodes, cluster_dns, node_containers, capabilities } =
        &record.cluster;
    // Nodes that are alike are told once.
    let each = |value: fn(&cluster::NodeFacts) -> String| {
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

/// The series of a run for which none is named: that of its cluster.
#[must_use]
pub fn series_of(record: &RunRecord) -> &str {
    record.cluster.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT_SERIES)
}

/// What is different after, by name.
#[must_use]
pub fn changed_facts(before: &Facts, after: &Facts) -> Vec<FactChange> {
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
    fn what_changed_is_told_by_name() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = facts(&[("kernel", "6.1"), ("os", "Debian"), ("version", "v1.20.2")]);
        let after = facts(&[("dns", "yes"), ("os", "Debian"), ("version", "v1.20.5")]);
        let told: Vec<_> = changed_facts(&before, &after)
            .into_iter()
            .map(|FactChange { fact, before, after }| (fact, before.is_some(), after.is_some()))
            .collect();
        let expected = [("dns", false, true), ("kernel", true, false), ("version", true, true)];
        assert_eq!(told, expected.map(|(fact, before, after)| (fact.to_owned(), before, after)));
    }
}
