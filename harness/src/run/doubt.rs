//! What is not known of a cluster, and takes its weight from a fail.

use super::oldest::{homes, is_made, oldest};
use crate::cluster::{Facts, NodeFacts};
use crate::judge::Verdict;
use crate::plan::{Claim, Gate, MinorVersion, Need, PlannedCase};

/// The first version whose kubelets can be configured to put off restarts by less.
const OTHER_BACKOFF: MinorVersion = MinorVersion::new(1, 32);

/// What takes its weight from a fail of `planned` on this cluster, where there is such a thing: what the cluster does
/// not say of itself, that it is older than what the claim binds, or that no real cluster has shown yet that the case
/// holds.
///
/// Under a mutant it is the case that is tried, and its proof counts only where the case passes without: then what is
/// unknown is as it must be.
pub(super) fn doubt(planned: &PlannedCase, facts: &Facts) -> Option<String> {
    if planned.mutant.is_some() {
        return None;
    }
    let claim = &planned.claim;
    claim
        .gate
        .as_ref()
        .and_then(|gate| unknown_gate(gate, facts))
        .or_else(|| claim.needs.iter().find_map(|need| unknown_need(*need, facts)))
        .or_else(|| unbound(claim, facts))
        .or_else(|| unproved(claim.unproved.as_deref(), facts))
}

/// A claim that clusters as old as this one keep without having to.
fn unbound(claim: &Claim, facts: &Facts) -> Option<String> {
    let binding = claim.binding.filter(|_| !is_made(claim.binding, facts))?;
    let release = oldest(facts)?.release;
    Some(format!(
        "clusters before Kubernetes {binding} need not keep the claim, and a part of this one is {release}"
    ))
}

/// Everybody who needs a gate must say how it stands: the API server, and each node that can run the pod.
fn unknown_gate(gate: &Gate, facts: &Facts) -> Option<String> {
    let who = if facts.capabilities.gates.is_empty() {
        "the API server".to_owned()
    } else {
        format!("node {}", homes(facts).find(|node| is_silent_on_gates(node))?.name)
    };
    let stands = if gate.is_on() { "on" } else { "off" };
    Some(format!("{who} does not say whether the feature gate {} is {stands}", gate.name()))
}

/// A configuration names the gates that do not stand as they do by default.
fn is_silent_on_gates(node: &NodeFacts) -> bool {
    node.capabilities.gates.is_empty() && !is_configuration_known(node)
}

/// Whether the configuration of the kubelet was read: what it allows is known from nowhere else.
fn is_configuration_known(node: &NodeFacts) -> bool {
    node.capabilities.unsafe_sysctls.is_some()
}

fn unknown_need(need: Need, facts: &Facts) -> Option<String> {
    let silent = |is_silent: fn(&NodeFacts) -> bool, what: &str| {
        let node = &homes(facts).find(|node| is_silent(node))?.name;
        Some(format!("node {node} does not say whether {what}"))
    };
    match need {
        Need::UsualBackoff => silent(
            |node| can_put_off_otherwise(node) && !is_configuration_known(node),
            "it puts off restarts as usual",
        ),
        Need::NoUnsafeSysctls => {
            silent(|node| !is_configuration_known(node), "it refuses unsafe kernel parameters")
        }
        Need::LocalStorage => {
            silent(|node| !is_configuration_known(node), "it limits how much of its disk pods use")
        }
        Need::UserNamespaces => silent(
            |node| node.capabilities.gives_users().is_none(),
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
            .then(|| "nothing says on which addresses of nodes the proxies take NodePorts".to_owned()),
        // Each of these is known, or its lack shows before anything is judged.
        Need::ClusterDns | Need::NodeContainers | Need::TwoNodes | Need::PortForward => None,
    }
}

fn can_put_off_otherwise(node: &NodeFacts) -> bool {
    MinorVersion::of_release(&node.kubelet).is_none_or(|version| version >= OTHER_BACKOFF)
}

/// A case that was never seen to hold cannot contradict a cluster.
pub(super) fn unproved(why: Option<&str>, facts: &Facts) -> Option<String> {
    Some(format!("the claim is unproved on Kubernetes {} ({})", facts.version.trim_start_matches('v'), why?))
}

/// The verdict, given what is not known: a contradiction of what may not be promised here is none.
pub(super) fn weighed(verdict: Verdict, doubt: Option<&str>) -> Verdict {
    match (verdict, doubt) {
        (Verdict::Fail { findings }, Some(doubt)) => {
            let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
            Verdict::Inconclusive { reason: format!("{doubt}; seen was: {}", told.join("; ")) }
        }
        (verdict, _) => verdict,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::judge::Finding;
    use crate::plan::Manifest;

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

    /// A cluster whose every part says everything.
    fn open() -> Value {
        let known = json!({
            "gates": { "AnyGate": true }, "unsafe_sysctls": [], "handlers": [{ "name": "", "user_namespaces": true }],
        });
        json!({
            "version": "v1.35.1", "nodes": [node("one", &known), node("two", &known)],
            "capabilities": { "gates": { "AnyGate": true }, "pod_security": true, "node_port_addresses": [] },
        })
    }

    /// The cluster without what stands at these pointers.
    fn without(pointers: &[&str]) -> Value {
        let mut facts = open();
        for pointer in pointers {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = facts.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            parent.remove(key).expect("a value");
        }
        facts
    }

    fn doubts(planned: &PlannedCase, facts: &Value) -> String {
        doubt(planned, &serde_json::from_value(facts.clone()).expect("facts")).unwrap_or_default()
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
        "node two does not say whether it puts off restarts as usual"
    )]
    #[case::sysctls(
        json!({ "needs": ["no-unsafe-sysctls"] }), &["/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether it refuses unsafe kernel parameters"
    )]
    #[case::local_storage(
        json!({ "needs": ["local-storage"] }), &["/nodes/1/capabilities/unsafe_sysctls"],
        "node two does not say whether it limits how much of its disk pods use"
    )]
    #[case::users(
        json!({ "needs": ["user-namespaces"] }), &["/nodes/1/capabilities/handlers"],
        "node two does not say whether its runtime can give pods users of their own"
    )]
    #[case::node_ports(
        json!({ "needs": ["all-node-ports"] }), &["/capabilities/node_port_addresses"],
        "nothing says on which addresses of nodes the proxies take NodePorts"
    )]
    #[case::pod_security(
        json!({ "needs": ["pod-security"] }), &["/capabilities/pod_security"],
        "the API server does not say whether it enforces Pod Security"
    )]
    fn what_is_asked_for_and_unknown_is_doubtful(
        #[case] fields: Value,
        #[case] hidden: &[&str],
        #[case] doubt: &str,
    ) {
        assert_eq!(doubts(&planned(&fields), &without(hidden)), doubt);
        assert_eq!(doubts(&planned(&fields), &open()), "");
        assert_eq!(doubts(&planned(&json!({})), &without(hidden)), "");
    }

    #[test]
    fn kubelets_that_cannot_be_configured_are_beyond_doubt() {
        let mut facts = without(&["/nodes/0/capabilities/unsafe_sysctls"]);
        facts["nodes"][0]["kubelet"] = json!("v1.31.9");
        assert_eq!(doubts(&planned(&json!({ "needs": ["usual-backoff"] })), &facts), "");
    }

    #[test]
    fn a_claim_binds_no_older_cluster() {
        let planned = planned(&json!({ "binding": "1.35" }));
        assert_eq!(doubts(&planned, &open()), "");
        let mut facts = open();
        facts["nodes"][1]["kubelet"] = json!("v1.34.3");
        let expected =
            "clusters before Kubernetes 1.35 need not keep the claim, and a part of this one is v1.34.3";
        assert_eq!(doubts(&planned, &facts), expected);
    }

    #[test]
    fn an_unproved_claim_is_doubtful() {
        let planned = planned(&json!({ "unproved": "nobody had such a cluster" }));
        let expected = "the claim is unproved on Kubernetes 1.35.1 (nobody had such a cluster)";
        assert_eq!(doubts(&planned, &open()), expected);
    }

    #[test]
    fn a_mutant_is_beyond_doubt() {
        let mut planned = planned(&json!({ "unproved": "nobody", "gate": "OtherGate", "binding": "1.99" }));
        assert_ne!(doubts(&planned, &open()), "");
        let mutant = json!({ "name": "m", "breaks": "b", "must_fail": "a", "patch": [] });
        planned.mutant = Some(serde_json::from_value(mutant).expect("a mutant"));
        assert_eq!(doubts(&planned, &open()), "");
    }

    #[test]
    fn a_doubt_turns_a_fail_and_nothing_else() {
        let finding = Finding {
            assertion: "a".to_owned(),
            expected: "1".to_owned(),
            seen: "2".to_owned(),
            pointer: "p".to_owned(),
        };
        let fail = Verdict::Fail { findings: vec![finding] };
        assert_eq!(weighed(fail.clone(), None), fail);
        assert_eq!(weighed(Verdict::Pass, Some("who knows")), Verdict::Pass);
        let reason = "who knows; seen was: a: expected 1, seen 2 (p)".to_owned();
        assert_eq!(weighed(fail, Some("who knows")), Verdict::Inconclusive { reason });
    }
}
