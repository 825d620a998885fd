//! The case's namespace: made, and removed with all that is in it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::json;
use tokio::time::timeout;

use super::blocked::Blocked;
use super::deeds::asked_in;
use crate::plan::{Budgets, Security};

/// The label that carries the run's id, on each namespace and each object.
pub(super) const RUN_LABEL: &str = "podproof.local/run";

/// Makes the namespace, and in it the service account without which no pod is admitted.
pub(super) async fn make_namespace(
    client: &Client,
    name: &str,
    security: Security,
    labels: &[(String, String)],
    claim: &str,
    patience: Duration,
) -> Result<(), Blocked> {
    let mut all_labels: serde_json::Map<_, _> =
        labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    all_labels.insert("pod-security.kubernetes.io/enforce".to_owned(), json!(security.as_str()));
    let object = json!({
        "metadata": { "name": name, "labels": all_labels, "annotations": { "podproof.local/claim": claim } }
    });
    let action = format!("create namespace {name}");
    let namespace: Namespace = typed(object, &action)?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let params = PostParams::default();
    asked_in(patience, &action, namespaces.create(&params, &namespace)).await?;

    // The controller makes it too, a moment later; pods that come before are refused.
    let action = format!("create the default service account of namespace {name}");
    let account: ServiceAccount = typed(json!({ "metadata": { "name": "default" } }), &action)?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    match asked_in(patience, &action, accounts.create(&params, &account)).await {
        Err(Blocked::Api { source, .. }) if matches!(&*source, kube::Error::Api(status) if status.code == 409) => {
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Asks for the removal of the namespace and all that is in it; does not wait.
pub async fn delete_namespace(client: &Client, name: &str, patience: Duration) -> Result<(), Blocked> {
    // The namespace controller asks again only after many seconds when pods are left, so they go first.
    delete_pods(client, name, &DeleteParams::default(), patience).await?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let action = format!("delete namespace {name}");
    let deletion = async { namespaces.delete(name, &DeleteParams::default()).await.map(drop) };
    asked_in(patience, &action, deletion).await
}

async fn delete_pods(
    client: &Client,
    namespace: &str,
    how: &DeleteParams,
    patience: Duration,
) -> Result<(), Blocked> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let action = format!("delete the pods of namespace {namespace}");
    let all = ListParams::default();
    asked_in(patience, &action, async { pods.delete_collection(how, &all).await.map(drop) }).await
}

/// Waits until no namespace of the run is left; names those that are left when the budgets are over.
///
/// Pods get the time to end in an orderly way. Kubelets are known to forget for more than a minute a pod that is
/// deleted while its container is being restarted, so what is left then is deleted by force.
pub async fn await_namespaces_gone(client: &Client, run: &str, budgets: &Budgets) -> Vec<String> {
    let left = namespaces_left(client, run, budgets.orderly_removal()).await;
    if left.is_empty() {
        return left;
    }
    for namespace in &left {
        // A namespace that has gone meanwhile answers with an error, which is what is wanted.
        let _ =
            delete_pods(client, namespace, &DeleteParams::default().grace_period(0), budgets.request()).await;
    }
    namespaces_left(client, run, budgets.namespace_gone()).await
}

/// The namespaces of the run that are left after `patience`; returns at once when there are none any more.
async fn namespaces_left(client: &Client, run: &str, patience: Duration) -> Vec<String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let config = watcher::Config::default().labels(&format!("{RUN_LABEL}={run}"));
    let mut left = BTreeSet::new();
    let waiting = async {
        let mut stream = watcher(namespaces, config).default_backoff().boxed();
        while let Some(item) = stream.next().await {
            let told_all = matches!(item, Ok(watcher::Event::InitDone | watcher::Event::Delete(_)));
            match item {
                Ok(watcher::Event::InitApply(namespace) | watcher::Event::Apply(namespace)) => {
                    left.extend(namespace.metadata.name);
                }
                Ok(watcher::Event::Delete(namespace)) => {
                    left.remove(namespace.metadata.name.as_deref().unwrap_or_default());
                }
                Ok(watcher::Event::Init) => left.clear(),
                Ok(watcher::Event::InitDone) | Err(_) => {}
            }
            if told_all && left.is_empty() {
                return;
            }
        }
    };
    match timeout(patience, waiting).await {
        Ok(()) => Vec::new(),
        Err(_) if left.is_empty() => vec!["(the API server did not tell which)".to_owned()],
        Err(_) => left.into_iter().collect(),
    }
}

fn typed<T: serde::de::DeserializeOwned>(object: serde_json::Value, action: &str) -> Result<T, Blocked> {
    serde_json::from_value(object).map_err(|source| Blocked::Api {
        action: action.to_owned(),
        source: Box::new(kube::Error::SerdeError(source)),
    })
}
