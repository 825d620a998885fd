//! What is not known of a cluster, and takes its weight from a fail.

use crate::cluster::Facts;
use crate::judge::Verdict;
use crate::plan::{Claim, MinorVersion, Need};

/// The first version whose kubelets can be told to put off restarts by less.
const OTHER_BACKOFF: MinorVersion = MinorVersion::new(1, 32);

/// What the cluster does not tell of itself, and would make `claim` not one about it, where there is such a thing.
pub(super) fn doubt(claim: &Claim, facts: &Facts) -> Option<String> {
    let silent = |gates: &std::collections::BTreeMap<String, bool>| gates.is_empty();
    let silent_node = facts.nodes.iter().find(|node| node.schedulable && silent(&node.capabilities.gates));
    if let Some(gate) = &claim.gate
        && silent(&facts.capabilities.gates)
        && silent_node.is_some()
    {
        return Some(format!("the cluster does not tell whether the feature gate {gate} is on"));
    }
    let can_be_other =
        MinorVersion::of_release(&facts.version).is_none_or(|version| version >= OTHER_BACKOFF);
    if claim.needs.contains(&Need::UsualBackoff) && can_be_other {
        let node = &silent_node?.name;
        return Some(format!("node {node} does not tell whether it puts off restarts as usual"));
    }
    None
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
    use serde_json::{Value, json};

    use super::*;
    use crate::judge::Finding;

    fn doubtful(fields: &Value, version: &str, gates: &Value) -> bool {
        let mut claim = json!({
            "id": "ipc/one", "title": "", "level": "core", "tier": "quick", "given": "", "when": "",
            "then": {}, "sources": [],
        });
        for (key, value) in fields.as_object().into_iter().flatten() {
            claim[key] = value.clone();
        }
        let facts = json!({ "version": version, "nodes": [{
            "name": "one", "kubelet": version, "runtime": "containerd://2.1.0", "os": "", "kernel": "",
            "architecture": "amd64", "pods": 110, "schedulable": true, "capabilities": { "gates": gates },
        }] });
        let (claim, facts) = (serde_json::from_value(claim), serde_json::from_value(facts));
        doubt(&claim.expect("a claim"), &facts.expect("facts")).is_some()
    }

    #[test]
    fn only_what_is_asked_for_and_not_told_is_doubtful() {
        let (gate, backoff) = (json!({ "gate": "SidecarContainers" }), json!({ "needs": ["usual-backoff"] }));
        let told = json!({ "AnyGate": true });
        assert!(doubtful(&gate, "v1.35.1", &json!({})));
        assert!(!doubtful(&gate, "v1.35.1", &told));
        assert!(doubtful(&backoff, "v1.35.1", &json!({})));
        assert!(!doubtful(&backoff, "v1.35.1", &told));
        assert!(!doubtful(&backoff, "v1.20.2", &json!({})));
        assert!(!doubtful(&json!({}), "v1.35.1", &json!({})));
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
