//! Which cluster it is that answers: what stays the same while a cluster lives and its nodes are not started again.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::api::ListParams;
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use tokio::join;
use tokio::time::timeout;

use super::access::Access;
use super::door::Door;

/// What a cluster is known by; what is absent is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The UID of the namespace `kube-system`, which is made once in a cluster's life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_system: Option<String>,
    /// Its nodes, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<BTreeMap<String, Life>>,
    /// The containers that are its nodes, by name, where they are this host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<BTreeMap<String, Life>>,
}

/// Something that is made once and started one or more times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// What it got when it was made.
    pub id: String,
    /// What it got when it was started last.
    pub start: String,
}

/// What two looks at a cluster say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// It is the same cluster, and its nodes were not started again.
    Same,
    /// It is not: in words.
    Different(String),
    /// Nothing is known from both looks.
    Unknown,
}

impl Identity {
    /// Whether the cluster said anything of itself.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.kube_system.is_some() || self.nodes.is_some() || self.containers.is_some()
    }

    /// Compares with what was seen later; nodes may have been started again where `restarts` says so.
    #[must_use]
    pub fn compare(&self, later: &Self, restarts: bool) -> Sameness {
        let mut looked = false;
        if let (Some(before), Some(after)) = (&self.kube_system, &later.kube_system) {
            if before != after {
                return Sameness::Different("its namespace `kube-system` is another one".to_owned());
            }
            looked = true;
        }
        if let (Some(before), Some(after)) = (&self.containers, &later.containers) {
            looked = true;
            for (name, life) in before {
                let found = after.get(name).map(|now| life.until(now, restarts));
                let what = found.unwrap_or(Some("is gone"));
                if let Some(what) = what {
                    return Sameness::Different(format!("its node container `{name}` {what}"));
                }
            }
        }
        if let (Some(before), Some(after)) = (&self.nodes, &later.nodes) {
            // Nodes may come and go in a cluster that stays.
            let both = before.iter().filter_map(|(name, life)| Some((name, life, after.get(name)?)));
            for (name, life, now) in both {
                looked = true;
                if let Some(what) = life.until(now, restarts) {
                    return Sameness::Different(format!("its node `{name}` {what}"));
                }
            }
        }
        if looked { Sameness::Same } else { Sameness::Unknown }
    }

    /// The same, with what is known later instead.
    #[must_use]
    pub fn renewed(self, later: Self) -> Self {
        Self {
            kube_system: later.kube_system.or(self.kube_system),
            nodes: later.nodes.or(self.nodes),
            containers: later.containers.or(self.containers),
        }
    }
}

impl Life {
    /// What became of it.
    fn until(&self, now: &Self, restarts: bool) -> Option<&'static str> {
        if self.id != now.id {
            Some("is another one")
        } else if self.start != now.start && !restarts {
            Some("was started again")
        } else {
            None
        }
    }
}

impl Access {
    /// Looks which cluster it is; asks nobody for longer than `patience`.
    pub async fn identity(&self, patience: Duration) -> Identity {
        let containers = async {
            match &self.door {
                Door::Containers(containers) => containers.lives(patience).await,
                Door::Inspector => None,
            }
        };
        let (kube_system, nodes, containers) = join!(
            timeout(patience, kube_system(&self.client)),
            timeout(patience, nodes(&self.client)),
            containers
        );
        Identity { kube_system: kube_system.ok().flatten(), nodes: nodes.ok().flatten(), containers }
    }
}

async fn kube_system(client: &Client) -> Option<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.get("kube-system").await.ok()?.metadata.uid
}

async fn nodes(client: &Client) -> Option<BTreeMap<String, Life>> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = nodes.list(&ListParams::default()).await.ok()?;
    let life = |node: Node| {
        let start = node.status.and_then(|status| status.node_info).map(|info| info.boot_id);
        Some((node.metadata.name?, Life { id: node.metadata.uid?, start: start.unwrap_or_default() }))
    };
    Some(list.items.into_iter().filter_map(life).collect())
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
        let life = json!({"n": {"id": "1", "start": "a"}});
        json!({"kube_system": "u", "nodes": life, "containers": life})
    }

    #[rstest]
    #[case::replaced("/kube_system", json!("v"), "its namespace `kube-system` is another one")]
    #[case::another_container("/containers/n/id", json!("2"), "its node container `n` is another one")]
    #[case::another_node("/nodes/n/id", json!("2"), "its node `n` is another one")]
    #[case::no_container("/containers", json!({}), "its node container `n` is gone")]
    fn another_cluster_is_different(#[case] place: &str, #[case] value: Value, #[case] expected: &str) {
        let mut later = whole();
        *later.pointer_mut(place).unwrap() = value;
        for restarts in [false, true] {
            let sameness = identity(whole()).compare(&identity(later.clone()), restarts);
            assert_eq!(sameness, Sameness::Different(expected.to_owned()));
        }
    }

    #[rstest]
    #[case("/containers/n/start", "its node container `n` was started again")]
    #[case("/nodes/n/start", "its node `n` was started again")]
    fn a_start_is_a_change_unless_it_is_ours(#[case] place: &str, #[case] expected: &str) {
        let mut later = whole();
        *later.pointer_mut(place).unwrap() = json!("b");
        let later = identity(later);
        let compared = |restarts| identity(whole()).compare(&later, restarts);
        assert_eq!(compared(false), Sameness::Different(expected.to_owned()));
        assert_eq!(compared(true), Sameness::Same);
    }

    #[test]
    fn nodes_come_and_go() {
        let later = json!({"kube_system": "u", "nodes": {"m": {"id": "3", "start": "c"}}});
        assert_eq!(identity(whole()).compare(&identity(later), false), Sameness::Same);
    }

    #[test]
    fn what_is_not_known_twice_says_nothing() {
        let (nothing, some) = (Identity::default(), identity(json!({"kube_system": "u"})));
        assert_eq!(identity(whole()).compare(&nothing, false), Sameness::Unknown);
        assert_eq!(nothing.compare(&identity(whole()), false), Sameness::Unknown);
        assert_eq!(identity(whole()).compare(&some, false), Sameness::Same);
        assert_eq!(identity(whole()).renewed(some), identity(whole()));
    }
}
