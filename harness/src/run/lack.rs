//! What a cluster lacks for a case.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster::{Facts, NodeFacts};
use crate::plan::{Claim, Manifest, MinorVersion, Need, Right};

/// Why the case of `claim` with these objects cannot be run on this cluster, where that is so. What is unknown is
/// no reason.
pub(super) fn lack(claim: &Claim, manifest: &Manifest, facts: &Facts) -> Option<String> {
    too_old(claim, facts)
        .or_else(|| forbidden(claim, manifest, facts))
        .or_else(|| absent(claim, manifest, facts))
        .or_else(|| switched_off(claim.gate.as_deref()?, facts))
}

fn too_old(claim: &Claim, facts: &Facts) -> Option<String> {
    let since = claim.since.filter(|_| !is_made(claim.since, &facts.version))?;
    Some(format!("Kubernetes {since} is needed, this is {}", facts.version))
}

/// Whether clusters of this version make a claim that is made since `since`.
pub(super) fn is_made(since: Option<MinorVersion>, version: &str) -> bool {
    // A version that cannot be read is no reason to leave something out.
    let version = MinorVersion::of_release(version);
    since.is_none_or(|since| version.is_none_or(|version| version >= since))
}

fn forbidden(claim: &Claim, manifest: &Manifest, facts: &Facts) -> Option<String> {
    let needed = Right::for_manifest(manifest)
        .into_iter()
        .chain(claim.needs.iter().flat_map(|need| need.rights().to_vec()));
    let refused: Vec<_> = facts.capabilities.missing_rights.iter().flatten().collect();
    let missing: Vec<_> =
        needed.map(|right| right.to_string()).filter(|right| refused.contains(&right)).collect();
    (!missing.is_empty())
        .then(|| format!("you may not: {} (a ClusterRole must grant it)", missing.join(", ")))
}

fn absent(claim: &Claim, manifest: &Manifest, facts: &Facts) -> Option<String> {
    let need = claim.needs.iter().find(|need| !has(facts, **need, manifest))?;
    let mended = need.mended_by().map(|by| format!(" ({by})")).unwrap_or_default();
    Some(format!("the cluster lacks: {need}{mended}"))
}

fn has(facts: &Facts, need: Need, manifest: &Manifest) -> bool {
    let told = &facts.capabilities;
    match need {
        Need::ClusterDns => facts.cluster_dns,
        Need::NodeContainers => facts.node_containers,
        Need::TwoNodes => homes(facts).count() >= 2,
        Need::PodSecurity => told.pod_security != Some(false),
        Need::NoUnsafeSysctls => !homes(facts)
            .any(|node| sysctls(manifest).any(|name| node.capabilities.allows_sysctl(name) == Some(true))),
        Need::UsualBackoff => homes(facts).all(puts_off_as_usual),
        // What is missing of rights has been told.
        Need::PortForward => true,
        Need::UserNamespaces => homes(facts).all(|node| node.capabilities.gives_users() != Some(false)),
    }
}

/// The nodes on which pods of a case can come to run: what one of them lacks, a pod can meet.
fn homes(facts: &Facts) -> impl Iterator<Item = &NodeFacts> {
    facts.nodes.iter().filter(|node| node.schedulable)
}

/// The kernel parameters that the pods ask for.
fn sysctls(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let objects = manifest.names().iter().filter_map(|name| manifest.object(name));
    let lists = objects.filter_map(|object| object.pointer("/spec/securityContext/sysctls")?.as_array());
    lists.flatten().filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
}

fn puts_off_as_usual(node: &NodeFacts) -> bool {
    let told = &node.capabilities;
    told.longest_backoff.is_none() && told.gates.get("ReduceDefaultCrashLoopBackOffDecay") != Some(&true)
}

/// A gate is off where anybody who needs it has it off.
fn switched_off(gate: &str, facts: &Facts) -> Option<String> {
    let off = |gates: &BTreeMap<String, bool>| gates.get(gate) == Some(&false);
    let place = if off(&facts.capabilities.gates) {
        "of the API server".to_owned()
    } else {
        format!("of node {}", homes(facts).find(|node| off(&node.capabilities.gates))?.name)
    };
    Some(format!("the feature gate {gate} {place} is off (`--feature-gates={gate}=true` switches it on)"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// A cluster of one node that tells nothing.
    fn silent() -> Value {
        json!({ "version": "v1.35.1", "nodes": [node("one")] })
    }

    fn node(name: &str) -> Value {
        json!({
            "name": name, "kubelet": "v1.35.1", "runtime": "containerd://2.1.0", "os": "", "kernel": "",
            "architecture": "amd64", "pods": 110, "schedulable": true,
        })
    }

    /// The silent cluster with `value` at `pointer`, whose parent is made where it is missing.
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

    /// What `facts` lack for a claim with these `fields` and a pod that asks for longer queues.
    fn lacking(fields: &Value, facts: &Value) -> Option<String> {
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
        lack(&claim, &manifest, &serde_json::from_value(facts.clone()).expect("facts"))
    }

    #[rstest]
    #[case::pod_security(json!({ "needs": ["pod-security"] }))]
    #[case::sysctls(json!({ "needs": ["no-unsafe-sysctls"] }))]
    #[case::backoff(json!({ "needs": ["usual-backoff"] }))]
    #[case::port_forward(json!({ "needs": ["port-forward"] }))]
    #[case::users(json!({ "needs": ["user-namespaces"] }))]
    #[case::gate(json!({ "gate": "SidecarContainers" }))]
    fn what_is_unknown_is_no_reason(#[case] fields: Value) {
        assert_eq!(lacking(&fields, &silent()), None);
    }

    #[rstest]
    #[case::version(json!({ "since": "1.36" }), silent(), "Kubernetes 1.36 is needed, this is v1.35.1")]
    #[case::dns(json!({ "needs": ["cluster-dns"] }), silent(), "the cluster lacks: cluster DNS (")]
    #[case::nodes(json!({ "needs": ["two-nodes"] }), silent(), "the cluster lacks: two schedulable nodes (")]
    #[case::pod_security(
        json!({ "needs": ["pod-security"] }),
        with("/capabilities/pod_security", json!(false)),
        "the cluster lacks: Pod Security that is enforced ("
    )]
    #[case::sysctls(
        json!({ "needs": ["no-unsafe-sysctls"] }),
        with("/nodes/0/capabilities/unsafe_sysctls", json!(["fs.mqueue.*"])),
        "the cluster lacks: kubelets that refuse the kernel parameter ("
    )]
    #[case::backoff(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("2s")),
        "the cluster lacks: the usual back-off of restarts ("
    )]
    #[case::decay(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/gates", json!({ "ReduceDefaultCrashLoopBackOffDecay": true })),
        "the cluster lacks: the usual back-off of restarts ("
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
    #[case::rights(
        json!({}),
        with("/capabilities/missing_rights", json!(["get pods/log", "create pods/exec", "create jobs", "get nodes/proxy"])),
        "you may not: get pods/log, create pods/exec ("
    )]
    fn what_is_lacking_is_named(#[case] fields: Value, #[case] facts: Value, #[case] told: &str) {
        let lacking = lacking(&fields, &facts).unwrap_or_default();
        assert!(lacking.starts_with(told), "{lacking}");
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
    #[case::no_right_that_it_needs(json!({}), with("/capabilities/missing_rights", json!(["create jobs"])))]
    #[case::gate_of_a_node_without_pods(
        json!({ "gate": "SidecarContainers" }),
        json!({ "version": "v1.35.1", "nodes": [node("one"), {
            "name": "two", "kubelet": "", "runtime": "", "os": "", "kernel": "", "architecture": "", "pods": 0,
            "schedulable": false, "capabilities": { "gates": { "SidecarContainers": false } },
        }] }),
    )]
    fn what_it_does_not_need_may_be_lacking(#[case] fields: Value, #[case] facts: Value) {
        assert_eq!(lacking(&fields, &facts), None);
    }
}
