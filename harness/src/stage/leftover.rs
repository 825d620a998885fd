//! What runs that were killed left in a cluster.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::{Api, Client};

use super::asking::asked_again;
use super::blocked::Blocked;
use super::namespace::{CLAIM_ANNOTATION, EXPIRES_LABEL, RUN_LABEL};

/// A namespace of a run, which may still be going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The namespace.
    pub namespace: String,
    /// The run's id.
    pub run: String,
    /// The claim that was checked in it; empty where it does not say.
    pub claim: String,
    /// When it may be removed whatever its run does; absent where it does not say.
    pub expires: Option<Timestamp>,
}

impl Leftover {
    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn of(namespace: &Namespace) -> Option<Self> {
        let metadata = &namespace.metadata;
        let label = |key: &str| metadata.labels.as_ref()?.get(key).cloned();
        let claim = metadata.annotations.as_ref().and_then(|all| all.get(CLAIM_ANNOTATION)).cloned();
        let seconds = label(EXPIRES_LABEL).and_then(|seconds| seconds.parse().ok());
        Some(Self {
            namespace: metadata.name.clone()?,
            run: label(RUN_LABEL)?,
            claim: claim.unwrap_or_default(),
            expires: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        })
    }
}

/// The namespaces of all runs that the cluster has, by name.
pub async fn leftovers(client: &Client, patience: Duration) -> Result<Vec<Leftover>, Blocked> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let ours = ListParams::default().labels(RUN_LABEL);
    let list = asked_again(patience, "list the namespaces of runs", || namespaces.list(&ours)).await?;
    let mut found: Vec<_> = list.iter().filter_map(Leftover::of).collect();
    found.sort_by(|a, b| a.namespace.cmp(&b.namespace));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leftover(labels: &serde_json::Value) -> Option<Leftover> {
        let namespace = json!({ "metadata": { "name": "n", "labels": labels } });
        Leftover::of(&serde_json::from_value(namespace).unwrap())
    }

    #[test]
    fn only_what_says_when_it_expires_can_be_expired() {
        let now = Timestamp::from_second(1000).unwrap();
        let expired = |labels| leftover(&labels).map(|leftover| leftover.is_expired(now));
        assert_eq!(expired(json!({ RUN_LABEL: "r", EXPIRES_LABEL: "1000" })), Some(true));
        assert_eq!(expired(json!({ RUN_LABEL: "r", EXPIRES_LABEL: "1001" })), Some(false));
        assert_eq!(expired(json!({ RUN_LABEL: "r", EXPIRES_LABEL: "soon" })), Some(false));
        assert_eq!(expired(json!({ RUN_LABEL: "r" })), Some(false));
        assert_eq!(expired(json!({ EXPIRES_LABEL: "1" })), None);
    }
}
