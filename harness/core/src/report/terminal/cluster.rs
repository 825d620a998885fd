//! A one-line description of the cluster.

use std::collections::BTreeSet;

use crate::cluster_facts::{ClusterFacts, NodeFacts};
use crate::report::text::counted;

/// The number of missing permissions that are named; the rest are only counted.
const NAMED_RIGHTS: usize = 3;

/// The nodes, their software, and the known capabilities of the cluster.
pub(super) fn cluster_line(facts: &ClusterFacts) -> String {
    let capabilities = &facts.capabilities;
    let mut parts = vec![format!("{}: {}", nodes(facts), machines(&facts.nodes))];
    parts.push(if facts.cluster_dns { "cluster DNS" } else { "no cluster DNS" }.to_owned());
    parts.extend(capabilities.pod_security.map(|enforced| {
        if enforced { "Pod Security is enforced" } else { "Pod Security is not enforced" }.to_owned()
    }));
    let classes: Vec<_> =
        capabilities.runtime_classes.iter().flatten().map(|class| class.name.as_str()).collect();
    if !classes.is_empty() {
        parts.push(format!("runtime classes {}", classes.join(", ")));
    }
    parts.extend(capabilities.missing_rights.as_deref().and_then(missing));
    parts.join("; ")
}

fn nodes(facts: &ClusterFacts) -> String {
    let schedulable = facts.nodes.iter().filter(|node| node.schedulable).count();
    let all = counted(facts.nodes.len(), "node");
    if schedulable == facts.nodes.len() { all } else { format!("{all}, {schedulable} schedulable") }
}

/// The software of the nodes. Values that nodes share appear once.
fn machines(nodes: &[NodeFacts]) -> String {
    let each = |part: fn(&NodeFacts) -> Option<String>| {
        nodes.iter().filter_map(part).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" or ")
    };
    let parts = [
        each(|node| Some(node.runtime.clone())),
        each(|node| Some(node.os.clone())),
        each(|node| Some(format!("Linux {}", node.kernel))),
        each(|node| Some(node.architecture.clone())),
        each(|node| node.capabilities.cgroup.map(|version| format!("cgroup v{version}"))),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn missing(rights: &[String]) -> Option<String> {
    let named = rights.get(..NAMED_RIGHTS).unwrap_or(rights);
    let rest = match rights.len() - named.len() {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    (!named.is_empty()).then(|| format!("you may not: {}{rest}", named.join(", ")))
}
