//! The preconditions of a case that a cluster does not meet.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use podproof_core::cluster_facts::{ClusterFacts, NodeFacts, is_new_enough, oldest, schedulable_nodes};
use podproof_core::plan::{Claim, Gate, Manifest, Need, Right};

/// Why the case of `claim` with these objects cannot run on this cluster. `None` if it can, or if the facts needed to
/// decide that are unknown.
pub(super) fn missing_precondition(
    claim: &Claim,
    manifest: &Manifest,
    facts: &ClusterFacts,
) -> Option<String> {
    too_old(claim, facts)
        .or_else(|| missing_permission(claim, manifest, facts))
        .or_else(|| unmet_need(claim, manifest, facts))
        .or_else(|| wrong_gate(claim.gate.as_ref()?, facts))
}

fn too_old(claim: &Claim, facts: &ClusterFacts) -> Option<String> {
    let since = claim.since.filter(|_| !is_new_enough(claim.since, facts))?;
    let oldest = oldest(facts)?;
    let release = oldest.release;
    Some(match oldest.node {
        Some(node) => format!("Kubernetes {since} is needed, the kubelet of node {node} is {release}"),
        None => format!("Kubernetes {since} is needed, this is {release}"),
    })
}

fn missing_permission(claim: &Claim, manifest: &Manifest, facts: &ClusterFacts) -> Option<String> {
    let needed = Right::for_manifest(manifest)
        .into_iter()
        .chain(claim.needs.iter().flat_map(|need| need.rights().to_vec()));
    let refused: Vec<_> = facts.capabilities.missing_rights.iter().flatten().collect();
    let missing: Vec<_> =
        needed.map(|right| right.to_string()).filter(|right| refused.contains(&right)).collect();
    (!missing.is_empty())
        .then(|| format!("you may not: {} (a ClusterRole must grant it)", missing.join(", ")))
}

fn unmet_need(claim: &Claim, manifest: &Manifest, facts: &ClusterFacts) -> Option<String> {
    let need = claim.needs.iter().find(|need| !has(facts, **need, manifest))?;
    let remedy = need.remedy().map(|by| format!(" ({by})")).unwrap_or_default();
    Some(format!("the cluster lacks: {need}{remedy}"))
}

fn has(facts: &ClusterFacts, need: Need, manifest: &Manifest) -> bool {
    let capabilities = &facts.capabilities;
    match need {
        Need::ClusterDns => facts.cluster_dns,
        Need::NodeContainers => facts.node_containers,
        Need::TwoNodes => schedulable_nodes(facts).count() >= 2,
        Need::PodSecurity => capabilities.pod_security != Some(false),
        Need::NoUnsafeSysctls => !schedulable_nodes(facts)
            .any(|node| sysctls(manifest).any(|name| node.capabilities.allows_sysctl(name) == Some(true))),
        Need::UsualBackoff => schedulable_nodes(facts).all(uses_default_backoff),
        Need::LocalStorage => schedulable_nodes(facts).all(limits_disk),
        Need::AllNodePorts => capabilities.node_port_addresses.as_ref().is_none_or(Vec::is_empty),
        // `missing_permission` covers this.
        Need::PortForward => true,
        Need::UserNamespaces => {
            schedulable_nodes(facts).all(|node| node.capabilities.supports_user_namespaces() != Some(false))
        }
    }
}

/// The kernel parameters that the pods set.
fn sysctls(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let objects = manifest.names().iter().filter_map(|name| manifest.object(name));
    let lists = objects.filter_map(|object| object.pointer("/spec/securityContext/sysctls")?.as_array());
    lists.flatten().filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
}

/// The default maximum back-off of the kubelet.
const DEFAULT_MAX_BACKOFF: SignedDuration = SignedDuration::from_mins(5);

/// A configuration with defaults filled in spells the default out, as `5m0s`, `300s` or similar.
fn uses_default_backoff(node: &NodeFacts) -> bool {
    let known = &node.capabilities;
    let longest = known.longest_backoff.as_deref().map(str::parse::<SignedDuration>);
    let usual = longest.is_none_or(|longest| longest.is_ok_and(|longest| longest == DEFAULT_MAX_BACKOFF));
    usual && known.gates.get("ReduceDefaultCrashLoopBackOffDecay") != Some(&true)
}

/// Since 1.25 a field of the configuration decides this, before that a feature gate.
fn limits_disk(node: &NodeFacts) -> bool {
    let known = &node.capabilities;
    known.local_storage != Some(false) && known.gates.get("LocalStorageCapacityIsolation") != Some(&false)
}

/// The reason if the API server or a schedulable node reports the gate in the other state.
fn wrong_gate(gate: &Gate, facts: &ClusterFacts) -> Option<String> {
    let (name, on) = (gate.name(), gate.is_on());
    let differs = |gates: &BTreeMap<String, bool>| gates.get(name) == Some(&!on);
    let place = if differs(&facts.capabilities.gates) {
        "of the API server".to_owned()
    } else {
        format!("of node {}", schedulable_nodes(facts).find(|node| differs(&node.capabilities.gates))?.name)
    };
    let (state, switched) = if on { ("off", "on") } else { ("on", "off") };
    Some(format!(
        "the feature gate {name} {place} is {state} (`--feature-gates={name}={on}` switches it {switched})"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// A cluster of one node that reports no capabilities.
    fn silent() -> Value {
        json!({ "version": "v1.35.1", "nodes": [node("one")] })
    }

    fn node(name: &str) -> Value {
        json!({
            "name": name, "kubelet": "v1.35.1", "runtime": "containerd://2.1.0", "os": "", "kernel": "",
            "architecture": "amd64", "pods": 110, "schedulable": true,
        })
    }

    /// The silent cluster with `value` at `pointer`. Creates a missing parent.
    fn with(pointer: &str, value: Value) -> Value {
        let mut facts = silent();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let (grandparent, name) = parent.rsplit_once('/').unwrap_or_default();
        if facts.pointer(parent).is_none() {
            facts.pointer_mut(grandparent).expect("a grandparent")[name] = json!({});
        }
        facts.pointer_mut(parent).expect("a parent")[key] = value;
        facts
    }

    /// The precondition that `facts` do not meet, for a claim with these `fields` and a pod that sets a queue length.
    fn missing(fields: &Value, facts: &Value) -> Option<String> {
        let mut claim = json!({
            "id": "ipc/one", "title": "", "level": "core", "tier": "quick", "given": "", "when": "",
            "then": {}, "sources": [],
        });
        for (key, value) in fields.as_object().into_iter().flatten() {
            claim[key] = value.clone();
        }
        let manifest = "kind: Pod\nmetadata: { name: a }\nspec: { securityContext: { sysctls: [{ name: fs.mqueue.msg_max }] } }\n";
        let manifest = Manifest::parse("x.yaml", manifest).expect("a manifest");
        let claim = serde_json::from_value(claim).expect("a claim");
        missing_precondition(&claim, &manifest, &serde_json::from_value(facts.clone()).expect("facts"))
    }

    #[rstest]
    #[case::pod_security(json!({ "needs": ["pod-security"] }))]
    #[case::sysctls(json!({ "needs": ["no-unsafe-sysctls"] }))]
    #[case::backoff(json!({ "needs": ["usual-backoff"] }))]
    #[case::port_forward(json!({ "needs": ["port-forward"] }))]
    #[case::users(json!({ "needs": ["user-namespaces"] }))]
    #[case::local_storage(json!({ "needs": ["local-storage"] }))]
    #[case::node_ports(json!({ "needs": ["all-node-ports"] }))]
    #[case::gate(json!({ "gate": "SidecarContainers" }))]
    #[case::gate_that_must_be_off(json!({ "gate": "!SidecarContainers" }))]
    fn an_unknown_fact_does_not_skip_a_case(#[case] fields: Value) {
        assert_eq!(missing(&fields, &silent()), None);
    }

    #[rstest]
    #[case::version(json!({ "since": "1.36" }), silent(), "Kubernetes 1.36 is needed, this is v1.35.1")]
    #[case::version_of_a_kubelet(
        json!({ "since": "1.35" }),
        with("/nodes/0/kubelet", json!("v1.34.2")),
        "Kubernetes 1.35 is needed, the kubelet of node one is v1.34.2"
    )]
    #[case::dns(json!({ "needs": ["cluster-dns"] }), silent(), "the cluster lacks: cluster DNS (")]
    #[case::nodes(json!({ "needs": ["two-nodes"] }), silent(), "the cluster lacks: two schedulable nodes (")]
    #[case::pod_security(
        json!({ "needs": ["pod-security"] }),
        with("/capabilities/pod_security", json!(false)),
        "the cluster lacks: enforced Pod Security ("
    )]
    #[case::sysctls(
        json!({ "needs": ["no-unsafe-sysctls"] }),
        with("/nodes/0/capabilities/unsafe_sysctls", json!(["fs.mqueue.*"])),
        "the cluster lacks: kubelets that refuse the kernel parameter ("
    )]
    #[case::backoff(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("2s")),
        "the cluster lacks: the default restart back-off ("
    )]
    #[case::backoff_that_cannot_be_read(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("soon")),
        "the cluster lacks: the default restart back-off ("
    )]
    #[case::decay(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/gates", json!({ "ReduceDefaultCrashLoopBackOffDecay": true })),
        "the cluster lacks: the default restart back-off ("
    )]
    #[case::local_storage(
        json!({ "needs": ["local-storage"] }),
        with("/nodes/0/capabilities/local_storage", json!(false)),
        "the cluster lacks: kubelets that limit the disk usage of pods ("
    )]
    #[case::local_storage_of_an_old_kubelet(
        json!({ "needs": ["local-storage"] }),
        with("/nodes/0/capabilities/gates", json!({ "LocalStorageCapacityIsolation": false })),
        "the cluster lacks: kubelets that limit the disk usage of pods ("
    )]
    #[case::node_ports(
        json!({ "needs": ["all-node-ports"] }),
        with("/capabilities/node_port_addresses", json!(["127.0.0.0/8"])),
        "the cluster lacks: NodePorts on all node addresses ("
    )]
    #[case::port_forward(
        json!({ "needs": ["port-forward"] }),
        with("/capabilities/missing_rights", json!(["create pods/portforward"])),
        "you may not: create pods/portforward ("
    )]
    #[case::dns_unseen(
        json!({ "needs": ["cluster-dns"] }),
        with("/capabilities/missing_rights", json!(["get endpoints"])),
        "you may not: get endpoints ("
    )]
    #[case::users(
        json!({ "needs": ["user-namespaces"] }),
        with("/nodes/0/capabilities/handlers", json!([{ "name": "", "user_namespaces": false }])),
        "the cluster lacks: a runtime with user namespaces ("
    )]
    #[case::gate_of_the_api_server(
        json!({ "gate": "SidecarContainers" }),
        with("/capabilities/gates", json!({ "SidecarContainers": false })),
        "the feature gate SidecarContainers of the API server is off ("
    )]
    #[case::gate_of_a_node(
        json!({ "gate": "SidecarContainers" }),
        with("/nodes/0/capabilities/gates", json!({ "SidecarContainers": false })),
        "the feature gate SidecarContainers of node one is off ("
    )]
    #[case::gate_that_must_be_off(
        json!({ "gate": "!ChangeStatus" }),
        with("/nodes/0/capabilities/gates", json!({ "ChangeStatus": true })),
        "the feature gate ChangeStatus of node one is on (`--feature-gates=ChangeStatus=false` switches it off)"
    )]
    #[case::rights(
        json!({}),
        with("/capabilities/missing_rights", json!(["get pods/log", "create pods/exec", "create jobs", "get nodes/proxy"])),
        "you may not: get pods/log, create pods/exec ("
    )]
    fn a_missing_precondition_is_named(#[case] fields: Value, #[case] facts: Value, #[case] expected: &str) {
        let missing = missing(&fields, &facts).unwrap_or_default();
        assert!(missing.starts_with(expected), "{missing}");
    }

    #[rstest]
    #[case::other_sysctl(
        json!({ "needs": ["no-unsafe-sysctls"] }),
        with("/nodes/0/capabilities/unsafe_sysctls", json!(["kernel.msg*"])),
    )]
    #[case::gate_is_on(
        json!({ "gate": "SidecarContainers" }),
        with("/capabilities/gates", json!({ "SidecarContainers": true })),
    )]
    #[case::gate_is_off_as_it_must(
        json!({ "gate": "!ChangeStatus" }),
        with("/capabilities/gates", json!({ "ChangeStatus": false })),
    )]
    #[case::usual_backoff(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("5m0s")),
    )]
    #[case::usual_backoff_in_minutes(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("5m")),
    )]
    #[case::usual_backoff_in_seconds(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("300s")),
    )]
    #[case::no_right_that_it_needs(json!({}), with("/capabilities/missing_rights", json!(["create jobs"])))]
    #[case::gate_of_a_node_without_pods(
        json!({ "gate": "SidecarContainers" }),
        json!({ "version": "v1.35.1", "nodes": [node("one"), {
            "name": "two", "kubelet": "", "runtime": "", "os": "", "kernel": "", "architecture": "", "pods": 0,
            "schedulable": false, "capabilities": { "gates": { "SidecarContainers": false } },
        }] }),
    )]
    fn a_precondition_of_other_claims_may_be_missing(#[case] fields: Value, #[case] facts: Value) {
        assert_eq!(missing(&fields, &facts), None);
    }
}
