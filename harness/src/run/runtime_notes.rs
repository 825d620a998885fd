//! Known differences of the container runtime on which a case ran.

use std::collections::BTreeSet;

use podproof_core::cluster_facts::ClusterFacts;
use podproof_core::evidence::{Evidence, SeenPod};
use podproof_core::plan::PlannedCase;

/// The known differences of the runtimes that ran the pods of `planned`. A runtime is identified by the pod's node and
/// runtime class. The notes explain a verdict and never change it.
pub(super) fn notes(planned: &PlannedCase, facts: &ClusterFacts, evidence: &Evidence) -> Vec<String> {
    let ran: BTreeSet<_> = evidence.timeline.iter().map(|seen| ran_by(seen, facts)).collect();
    let known = planned.differences.iter();
    let known = known.filter(|known| ran.iter().any(|(node, handler)| known.runtime.runs(node, *handler)));
    known.map(ToString::to_string).collect()
}

/// The runtime that the pod's node reports, and the handler of the pod's runtime class.
fn ran_by<'a>(seen: &'a SeenPod, facts: &'a ClusterFacts) -> (&'a str, Option<&'a str>) {
    let node = facts.nodes.iter().find(|node| Some(node.name.as_str()) == seen.node());
    let runtime = node.map(|node| node.runtime.as_str()).unwrap_or_default();
    let class = seen.pod.spec.as_ref().and_then(|spec| spec.runtime_class_name.as_deref());
    let handler = |name: &'a str| {
        let mut classes = facts.capabilities.runtime_classes.iter().flatten();
        // The handler of a class that the cluster does not list is taken to have the same name.
        classes.find(|class| class.name == name).map_or(name, |class| class.handler.as_str())
    };
    (runtime, class.map(handler))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn facts() -> ClusterFacts {
        let node = |name: &str, runtime: &str| {
            json!({
                "name": name, "kubelet": "", "runtime": runtime, "os": "", "kernel": "", "architecture": "",
                "pods": 110, "schedulable": true,
            })
        };
        let facts = json!({
            "version": "v1.35.1", "nodes": [node("one", "containerd://2.1.0"), node("two", "cri-o://1.35.0")],
            "capabilities": { "runtime_classes": [{ "name": "sandboxed", "handler": "runsc" }] },
        });
        serde_json::from_value(facts).expect("facts")
    }

    fn seen(spec: &Value) -> SeenPod {
        let seen = json!({ "at": "2026-11-22T10:00:00Z", "change": "applied", "pod": { "spec": spec } });
        serde_json::from_value(seen).expect("a pod that was seen")
    }

    #[rstest]
    #[case::ordinary(json!({ "nodeName": "one" }), ("containerd://2.1.0", None))]
    #[case::other_node(json!({ "nodeName": "two" }), ("cri-o://1.35.0", None))]
    #[case::class(
        json!({ "nodeName": "one", "runtimeClassName": "sandboxed" }),
        ("containerd://2.1.0", Some("runsc"))
    )]
    #[case::unknown_class(
        json!({ "nodeName": "one", "runtimeClassName": "kata" }),
        ("containerd://2.1.0", Some("kata"))
    )]
    #[case::nowhere(json!({}), ("", None))]
    fn a_pod_shows_its_runtime_and_handler(#[case] spec: Value, #[case] expected: (&str, Option<&str>)) {
        let mut spec = spec;
        spec["containers"] = json!([]);
        assert_eq!(ran_by(&seen(&spec), &facts()), expected);
    }
}
