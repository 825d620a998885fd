//! What a cluster lacks for a case.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::oldest::{homes, is_made, oldest};
use crate::cluster::{Facts, NodeFacts};
use crate::plan::{Claim, Gate, Manifest, Need, Right};

/// Why the case of `claim` with these objects cannot be run on this cluster, where that is so. What is unknown is
/// no reason.
pub(super) fn lack(claim: &Claim, manifest: &Manifest, facts: &Facts) -> Option<String> {
    too_old(claim, facts)
        .or_else(|| forbidden(claim, manifest, facts))
        .or_else(|| absent(claim, manifest, facts))
        .or_else(|| ill_switched(claim.gate.as_ref()?, facts))
}

fn too_old(claim: &Claim, facts: &Facts) -> Option<String> {
    let since = claim.since.filter(|_| !is_made(claim.since, facts))?;
    let oldest = oldest(facts)?;
    let release = oldest.release;
    Some(match oldest.node {
        Some(node) => format!("Kubernetes {since} is needed, the kubelet of node {node} is {release}"),
        None => format!("Kubernetes {since} is needed, this is {release}"),
    })
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
        Need::LocalStorage => homes(facts).all(limits_disk),
        Need::AllNodePorts => told.node_port_addresses.as_ref().is_none_or(Vec::is_empty),
        // What is missing of rights has been told.
        Need::PortForward => true,
        Need::UserNamespaces => homes(facts).all(|node| node.capabilities.gives_users() != Some(false)),
    }
}

/// The kernel parameters that the pods ask for.
fn sysctls(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let objects = manifest.names().iter().filter_map(|name| manifest.object(name));
    let lists = objects.filter_map(|object| object.pointer("/spec/securityContext/sysctls")?.as_array());
    lists.flatten().filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
}

/// The longest time for which kubelets put off a restart by default.
const USUAL_LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// Configurations that are filled with defaults name the usual time too: as `5m0s`, `300s` or the like.
fn puts_off_as_usual(node: &NodeFacts) -> bool {
    let known = &node.capabilities;
    let longest = known.longest_backoff.as_deref().map(str::parse::<SignedDuration>);
    let usual = longest.is_none_or(|longest| longest.is_ok_and(|longest| longest == USUAL_LONGEST));
    usual && known.gates.get("ReduceDefaultCrashLoopBackOffDecay") != Some(&true)
}

/// Since 1.25 the configuration says so, before that a gate.
fn limits_disk(node: &NodeFacts) -> bool {
    let known = &node.capabilities;
    known.local_storage != Some(false) && known.gates.get("LocalStorageCapacityIsolation") != Some(&false)
}

/// A gate stands otherwise where it does so for anybody who needs it.
fn ill_switched(gate: &Gate, facts: &Facts) -> Option<String> {
    let (name, on) = (gate.name(), gate.is_on());
    let otherwise = |gates: &BTreeMap<String, bool>| gates.get(name) == Some(&!on);
    let place = if otherwise(&facts.capabilities.gates) {
        "of the API server".to_owned()
    } else {
        format!("of node {}", homes(facts).find(|node| otherwise(&node.capabilities.gates))?.name)
    };
    let (stands, switched) = if on { ("off", "on") } else { ("on", "off") };
    Some(format!(
        "the feature gate {name} {place} is {stands} (`--feature-gates={name}={on}` switches it {switched})"
    ))
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
    #[case::local_storage(json!({ "needs": ["local-storage"] }))]
    #[case::node_ports(json!({ "needs": ["all-node-ports"] }))]
    #[case::gate(json!({ "gate": "SidecarContainers" }))]
    #[case::gate_that_must_be_off(json!({ "gate": "!SidecarContainers" }))]
    fn what_is_unknown_is_no_reason(#[case] fields: Value) {
        assert_eq!(lacking(&fields, &silent()), None);
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
    #[case::backoff_that_cannot_be_read(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/longest_backoff", json!("soon")),
        "the cluster lacks: the usual back-off of restarts ("
    )]
    #[case::decay(
        json!({ "needs": ["usual-backoff"] }),
        with("/nodes/0/capabilities/gates", json!({ "ReduceDefaultCrashLoopBackOffDecay": true })),
        "the cluster lacks: the usual back-off of restarts ("
    )]
    #[case::local_storage(
        json!({ "needs": ["local-storage"] }),
        with("/nodes/0/capabilities/local_storage", json!(false)),
        "the cluster lacks: kubelets that limit how much of the disk pods use ("
    )]
    #[case::local_storage_of_an_old_kubelet(
        json!({ "needs": ["local-storage"] }),
        with("/nodes/0/capabilities/gates", json!({ "LocalStorageCapacityIsolation": false })),
        "the cluster lacks: kubelets that limit how much of the disk pods use ("
    )]
    #[case::node_ports(
        json!({ "needs": ["all-node-ports"] }),
        with("/capabilities/node_port_addresses", json!(["127.0.0.0/8"])),
        "the cluster lacks: proxies that take NodePorts on all addresses of their nodes ("
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
    fn what_it_does_not_need_may_be_lacking(#[case] fields: Value, #[case] facts: Value) {
        assert_eq!(lacking(&fields, &facts), None);
    }
}
