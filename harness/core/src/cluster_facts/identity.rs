//! The identity of a cluster: what stays the same as long as the cluster lives and its nodes are not started again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The identifiers of a cluster and of the current start of its nodes; absent fields are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The UID of the namespace `kube-system`, which is created once and lives until the cluster is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_system: Option<String>,
    /// Its Node objects, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<BTreeMap<String, Instance>>,
    /// Its node containers, by name, if they run on this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<BTreeMap<String, Instance>>,
}

/// One start of a node or node container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The identifier assigned at creation.
    pub id: String,
    /// The identifier or time of the last start.
    pub start: String,
}

/// The result of comparing two identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityMatch {
    /// The same cluster, with no unexpected restart of a node.
    Same,
    /// Another cluster, or a restarted node; the text says which.
    Different(String),
    /// The identities have no known field in common.
    Unknown,
}

impl Identity {
    /// Returns whether any field is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.kube_system.is_some() || self.nodes.is_some() || self.containers.is_some()
    }

    /// Compares with a later identity. If `restarts` is true, restarted nodes are expected.
    #[must_use]
    pub fn compare(&self, later: &Self, restarts: bool) -> IdentityMatch {
        let mut compared = false;
        if let (Some(before), Some(after)) = (&self.kube_system, &later.kube_system) {
            if before != after {
                return IdentityMatch::Different("its namespace `kube-system` is another one".to_owned());
            }
            compared = true;
        }
        if let (Some(before), Some(after)) = (&self.containers, &later.containers) {
            compared = true;
            for (name, instance) in before {
                let found = after.get(name).map(|now| instance.change_to(now, restarts));
                let what = found.unwrap_or(Some("is gone"));
                if let Some(what) = what {
                    return IdentityMatch::Different(format!("its node container `{name}` {what}"));
                }
            }
        }
        if let (Some(before), Some(after)) = (&self.nodes, &later.nodes) {
            // Nodes may be added and removed during the lifetime of a cluster.
            let both = before.iter().filter_map(|(name, instance)| Some((name, instance, after.get(name)?)));
            for (name, instance, now) in both {
                compared = true;
                if let Some(what) = instance.change_to(now, restarts) {
                    return IdentityMatch::Different(format!("its node `{name}` {what}"));
                }
            }
        }
        if compared { IdentityMatch::Same } else { IdentityMatch::Unknown }
    }

    /// Replaces every field that is known in `later`.
    #[must_use]
    pub fn updated_with(self, later: Self) -> Self {
        Self {
            kube_system: later.kube_system.or(self.kube_system),
            nodes: later.nodes.or(self.nodes),
            containers: later.containers.or(self.containers),
        }
    }
}

impl Instance {
    /// Describes an unexpected change.
    fn change_to(&self, now: &Self, restarts: bool) -> Option<&'static str> {
        if self.id != now.id {
            Some("is another one")
        } else if self.start != now.start && !restarts {
            Some("was started again")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn identity(value: Value) -> Identity {
        serde_json::from_value(value).unwrap()
    }

    fn whole() -> Value {
        let instance = json!({"n": {"id": "1", "start": "a"}});
        json!({"kube_system": "u", "nodes": instance, "containers": instance})
    }

    #[rstest]
    #[case::replaced("/kube_system", json!("v"), "its namespace `kube-system` is another one")]
    #[case::another_container("/containers/n/id", json!("2"), "its node container `n` is another one")]
    #[case::another_node("/nodes/n/id", json!("2"), "its node `n` is another one")]
    #[case::no_container("/containers", json!({}), "its node container `n` is gone")]
    fn a_replaced_part_makes_the_cluster_different(
        #[case] place: &str,
        #[case] value: Value,
        #[case] expected: &str,
    ) {
        let mut later = whole();
        *later.pointer_mut(place).unwrap() = value;
        for restarts in [false, true] {
            let sameness = identity(whole()).compare(&identity(later.clone()), restarts);
            assert_eq!(sameness, IdentityMatch::Different(expected.to_owned()));
        }
    }

    #[rstest]
    #[case("/containers/n/start", "its node container `n` was started again")]
    #[case("/nodes/n/start", "its node `n` was started again")]
    fn a_restart_is_a_change_unless_it_is_expected(#[case] place: &str, #[case] expected: &str) {
        let mut later = whole();
        *later.pointer_mut(place).unwrap() = json!("b");
        let later = identity(later);
        let compared = |restarts| identity(whole()).compare(&later, restarts);
        assert_eq!(compared(false), IdentityMatch::Different(expected.to_owned()));
        assert_eq!(compared(true), IdentityMatch::Same);
    }

    #[test]
    fn added_and_removed_nodes_are_not_a_change() {
        let later = json!({"kube_system": "u", "nodes": {"m": {"id": "3", "start": "c"}}});
        assert_eq!(identity(whole()).compare(&identity(later), false), IdentityMatch::Same);
    }

    #[test]
    fn fields_known_only_once_are_not_compared() {
        let (nothing, some) = (Identity::default(), identity(json!({"kube_system": "u"})));
        assert_eq!(identity(whole()).compare(&nothing, false), IdentityMatch::Unknown);
        assert_eq!(nothing.compare(&identity(whole()), false), IdentityMatch::Unknown);
        assert_eq!(identity(whole()).compare(&some, false), IdentityMatch::Same);
        assert_eq!(identity(whole()).updated_with(some), identity(whole()));
    }
}
