//! Reasons why a fail does not prove the cluster wrong: unknown facts about the cluster, or an unproved claim.

use podproof_core::cluster_facts::{ClusterFacts, NodeFacts, is_new_enough, oldest, schedulable_nodes};
use podproof_core::judge::Verdict;
use podproof_core::plan::{Claim, Gate, MinorVersion, Need, PlannedCase};

/// The first version whose kubelets have a configurable maximum back-off.
const CONFIGURABLE_BACKOFF: MinorVersion = MinorVersion::new(1, 32);

/// Why a fail of `planned` on this cluster would not be reliable, if there is a reason: an unknown fact about the
/// cluster, a claim that does not bind clusters this old, or a case that never passed on a real cluster.
///
/// `None` under a mutant. There the case is under test, and the proof counts only if the unmodified case passes, which
/// shows that the unknown facts are as required.
pub(super) fn uncertainty(planned: &PlannedCase, facts: &ClusterFacts) -> Option<String> {
    if planned.mutant.is_some() {
        return None;
    }
    let claim = &planned.claim;
    claim
        .gate
        .as_ref()
        .and_then(|gate| unknown_gate(gate, facts))
        .or_else(|| claim.needs.iter().find_map(|need| unknown_need(*need, facts)))
        .or_else(|| not_binding(claim, facts))
        .or_else(|| unproved(claim.unproved.as_deref(), facts))
}

/// The reason if clusters as old as this one may break the claim.
fn not_binding(claim: &Claim, facts: &ClusterFacts) -> Option<String> {
    let binding = claim.binding.filter(|_| !is_new_enough(claim.binding, facts))?;
    let release = oldest(facts)?.release;
    Some(format!(
        "clusters before Kubernetes {binding} need not keep the claim, and a part of this one is {release}"
    ))
}

/// The reason if the API server, or a node that can run the pod, does not report the state of the gate.
fn unknown_gate(gate: &Gate, facts: &ClusterFacts) -> Option<String> {
    let who = if facts.capabilities.gates.is_empty() {
        "the API server".to_owned()
    } else {
        format!("node {}", schedulable_nodes(facts).find(|node| hides_gates(node))?.name)
    };
    let state = if gate.is_on() { "on" } else { "off" };
    Some(format!("{who} does not say whether the feature gate {} is {state}", gate.name()))
}

/// True if a node reports neither its gates nor its configuration. A configuration lists only non-default gates.
fn hides_gates(node: &NodeFacts) -> bool {
    node.capabilities.gates.is_empty() && !is_configuration_known(node)
}

/// True if the kubelet's configuration was read, which is the only source of the allowed sysctls.
fn is_configuration_known(node: &NodeFacts) -> bool {
    node.capabilities.unsafe_sysctls.is_some()
}

fn unknown_need(need: Need, facts: &ClusterFacts) -> Option<String> {
    let silent = |is_silent: fn(&NodeFacts) -> bool, what: &str| {
        let node = &schedulable_nodes(facts).find(|node| is_silent(node))?.name;
        Some(format!("node {node} does not say whether {what}"))
    };
    match need {
        Need::UsualBackoff => silent(
            |node| has_configurable_backoff(node) && !is_configuration_known(node),
            "it uses the default restart back-off",
        ),
        Need::NoUnsafeSysctls => {
            silent(|node| !is_configuration_known(node), "it refuses unsafe kernel parameters")
        }
        Need::LocalStorage => {
            silent(|node| !is_configuration_known(node), "it limits the disk usage of pods")
        }
        Need::UserNamespaces => silent(
            |node| node.capabilities.supports_user_namespaces().is_none(),
            "its runtime can give pods users of their own",
        ),
        Need::PodSecurity => facts
            .capabilities
            .pod_security
            .is_none()
            .then(|| "the API server does not say whether it enforces Pod Security".to_owned()),
        Need::AllNodePorts => facts
            .capabilities
            .node_port_addresses
            .is_none()
            .then(|| "it is unknown on which node addresses the proxies accept NodePorts".to_owned()),
        // These are always known, or the drive reports them before anything is judged.
        Need::ClusterDns | Need::NodeContainers | Need::TwoNodes | Need::PortForward => None,
    }
}

fn has_configurable_backoff(node: &NodeFacts) -> bool {
    MinorVersion::of_release(&node.kubelet).is_none_or(|version| version >= CONFIGURABLE_BACKOFF)
}

/// The reason if no real cluster has proved the case yet.
pub(super) fn unproved(why: Option<&str>, facts: &ClusterFacts) -> Option<String> {
    Some(format!("the claim is unproved on Kubernetes {} ({})", facts.version.trim_start_matches('v'), why?))
}

/// Turns a fail into inconclusive if there is an uncertainty. Leaves other verdicts unchanged.
pub(super) fn downgrade_fail(verdict: Verdict, uncertainty: Option<&str>) -> Verdict {
    match (verdict, uncertainty) {
        (Verdict::Fail { findings }, Some(uncertainty)) => {
            let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
            Verdict::Inconclusive { reason: format!("{uncertainty}; observed: {}", findings.join("; ")) }
        }
        (verdict, _) => verdict,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use podproof_core::judge::Finding;
    use podproof_core::plan::Manifest;

    fn planned(fields: &Value) -> PlannedCase {
        let mut claim = json!({
            "id": "ipc/one", "title": "", "level": "core", "tier": "quick", "given": "", "when": "",
            "then": {}, "sources": [],
        });
        for (key, value) in fields.as_object().into_iter().flatten() {
            claim[key] = value.clone();
        }
        PlannedCase {
            claim: serde_json::from_value(claim).expect("a claim"),
            mutant: None,
            round: 1,
            manifest: Manifest::parse("x.yaml", "metadata: { name: a }\n").expect("a manifest"),
            differences: Vec::new(),
        }
    }

    fn node(name: &str, capabilities: &Value) -> Value {
        json!({
            "name": name, "kubelet": "v1.35.1", "runtime": "containerd://2.1.0", "os": "", "kernel": "",
            "architecture": "amd64", "pods": 110, "schedulable": true, "capabilities": capabilities,
        })
    }

    /// A cluster whose components report everything.
    fn open() -> Value {
        let known = json!({
            "gates": { "AnyGate": true }, "unsafe_sysctls": [], "handlers": [{ "name": "", "user_namespaces": true }],
        });
        json!({
            "version": "v1.35.1", "nodes": [node("one", &known), node("two", &known)],
            "capabilities": { "gates": { "AnyGate": true }, "pod_security": true, "node_port_addresses": [] },
        })
    }

    /// That cluster without the values at these pointers.
    fn without(pointers: &[&str]) -> Value {
        let mut facts = open();
        for pointer in pointers {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = facts.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            parent.remove(key).expect("a value");
        }
        facts
    }

    fn uncertainty_text(planned: &PlannedCase, facts: &Value) -> String {
        uncertainty(planned, &serde_json::from_value(facts.clone()).expect("facts")).unwrap_or_default()
    }

    #[rstest]
    #[case::api_server(
        json!({ "gate": "AnyGate" }), &["/capabilities/gates"],
        "the API server does not say whether the feature gate AnyGate is on"
    )]
    #[case::second_node(
        json!({ "gate": "!AnyGate" }), &["/nodes/1/capabilities/gates", "/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether the feature gate AnyGate is off"
    )]
    #[case::backoff(
        json!({ "needs": ["usual-backoff"] }), &["/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether it uses the default restart back-off"
    )]
    #[case::sysctls(
        json!({ "needs": ["no-unsafe-sysctls"] }), &["/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether it refuses unsafe kernel parameters"
    )]
    #[case::local_storage(
        json!({ "needs": ["local-storage"] }), &["/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether it limits the disk usage of pods"
    )]
    #[case::users(
        json!({ "needs": ["user-namespaces"] }), &["/nodes/1/capabilities/handlers"],
        "node two does not say whether its runtime can give pods users of their own"
    )]
    #[case::node_ports(
        json!({ "needs": ["all-node-ports"] }), &["/capabilities/node_port_addresses"],
        "it is unknown on which node addresses the proxies accept NodePorts"
    )]
    #[case::pod_security(
        json!({ "needs": ["pod-security"] }), &["/capabilities/pod_security"],
        "the API server does not say whether it enforces Pod Security"
    )]
    fn a_required_but_unknown_fact_is_an_uncertainty(
        #[case] fields: Value,
        #[case] hidden: &[&str],
        #[case] expected: &str,
    ) {
        assert_eq!(uncertainty_text(&planned(&fields), &without(hidden)), expected);
        assert_eq!(uncertainty_text(&planned(&fields), &open()), "");
        assert_eq!(uncertainty_text(&planned(&json!({})), &without(hidden)), "");
    }

    #[test]
    fn kubelets_without_a_configurable_back_off_cause_no_uncertainty() {
        let mut facts = without(&["/nodes/0/capabilities/unsafe_sysctls"]);
        facts["nodes"][0]["kubelet"] = json!("v1.31.9");
        assert_eq!(uncertainty_text(&planned(&json!({ "needs": ["usual-backoff"] })), &facts), "");
    }

    #[test]
    fn a_fail_on_a_cluster_that_the_claim_does_not_bind_is_uncertain() {
        let planned = planned(&json!({ "binding": "1.35" }));
        assert_eq!(uncertainty_text(&planned, &open()), "");
        let mut facts = open();
        facts["nodes"][1]["kubelet"] = json!("v1.34.3");
        let expected =
            "clusters before Kubernetes 1.35 need not keep the claim, and a part of this one is v1.34.3";
        assert_eq!(uncertainty_text(&planned, &facts), expected);
    }

    #[test]
    fn a_fail_of_an_unproved_claim_is_uncertain() {
        let planned = planned(&json!({ "unproved": "nobody had such a cluster" }));
        let expected = "the claim is unproved on Kubernetes 1.35.1 (nobody had such a cluster)";
        assert_eq!(uncertainty_text(&planned, &open()), expected);
    }

    #[test]
    fn a_mutant_has_no_uncertainty() {
        let mut planned = planned(&json!({ "unproved": "nobody", "gate": "OtherGate", "binding": "1.99" }));
        assert_ne!(uncertainty_text(&planned, &open()), "");
        let mutant = json!({ "name": "m", "breaks": "b", "must_fail": "a", "patch": [] });
        planned.mutant = Some(serde_json::from_value(mutant).expect("a mutant"));
        assert_eq!(uncertainty_text(&planned, &open()), "");
    }

    #[test]
    fn an_uncertainty_changes_only_a_fail() {
        let finding = Finding {
            assertion: "a".to_owned(),
            expected: "1".to_owned(),
            seen: "2".to_owned(),
            pointer: "p".to_owned(),
        };
        let fail = Verdict::Fail { findings: vec![finding] };
        assert_eq!(downgrade_fail(fail.clone(), None), fail);
        assert_eq!(downgrade_fail(Verdict::Pass, Some("who knows")), Verdict::Pass);
        let reason = "who knows; observed: a: expected 1, seen 2 (p)".to_owned();
        assert_eq!(downgrade_fail(fail, Some("who knows")), Verdict::Inconclusive { reason });
    }
}
