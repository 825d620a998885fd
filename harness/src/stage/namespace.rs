//! The case's namespace: made, and removed with all that is in it.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use super::asking::{asked_again, asked_in, asked_until, code, created, is_lost};
use super::blocked::Blocked;
use crate::plan::Security;

/// The label that carries the run's id, on each namespace and each object.
pub(super) const RUN_LABEL: &str = "podproof.local/run";
/// The label with the seconds after its creation from which on `sweep` may remove it, likewise. By the cluster's clock
/// alone: ours may be wrong.
pub(super) const LIFETIME_LABEL: &str = "podproof.local/lifetime";
/// What earlier versions wrote instead: the second since 1970, by their own clock.
pub(super) const EXPIRES_LABEL: &str = "podproof.local/expires";
/// The annotation of a namespace that names the claim.
pub(super) const CLAIM_ANNOTATION: &str = "podproof.local/claim";

/// The deletion of its pods has this part of the time that one request has.
const PART_FOR_PODS: u32 = 3;

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
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": all_labels, "annotations": { CLAIM_ANNOTATION: claim } }
    });
    let action = format!("create namespace {name}");
    let namespace: DynamicObject = typed(object, &action)?;
    let resource = ApiResource::erase::<Namespace>(&());
    let namespaces: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    // Its name is used by nothing else: one that is there was made by a request whose answer was lost.
    let is_ours = |found: &DynamicObject| {
        found.metadata.deletion_timestamp.is_none()
            && labels.iter().all(|(key, value)| found.labels().get(key) == Some(value))
    };
    created(&namespaces, &namespace, patience, &action, is_ours).await?;

    // The controller makes it too, a moment later; pods that come before are refused.
    let action = format!("create the default service account of namespace {name}");
    let account: ServiceAccount = typed(json!({ "metadata": { "name": "default" } }), &action)?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    let params = PostParams::default();
    match asked_again(patience, &action, || accounts.create(&params, &account)).await {
        Err(Blocked::Api { source, .. }) if code(&source) == Some(409) => Ok(()),
        other => other.map(drop),
    }
}

/// Asks for the removal of the namespace and all that is in it, again and again within `patience` until the API server has
/// accepted it; does not wait for it to be gone.
pub async fn delete_namespace(client: &Client, name: &str, patience: Duration) -> Result<(), Blocked> {
    delete_within(client, name, patience, patience).await
}

/// The same, where each request has `each` and all together have `patience`.
pub(super) async fn delete_within(
    client: &Client,
    name: &str,
    each: Duration,
    patience: Duration,
) -> Result<(), Blocked> {
    let until = Instant::now() + patience;
    // The namespace controller asks again only after many seconds when pods are left, so they go first. It removes those
    // that this request does not: whatever becomes of it, the namespace's own deletion is sent.
    let _ = delete_pods(client, name, &DeleteParams::default(), each / PART_FOR_PODS).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let action = format!("delete namespace {name}");
    let deletion = || async {
        match namespaces.delete(name, &DeleteParams::default()).await {
            // It has gone, or it is going.
            Err(error) if matches!(code(&error), Some(404 | 409)) => Ok(()),
            answer => answer.map(drop),
        }
    };
    asked_until(until, each, &action, is_lost, deletion).await
}

pub(super) async fn delete_pods(
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

fn typed<T: serde::de::DeserializeOwned>(object: serde_json::Value, action: &str) -> Result<T, Blocked> {
    serde_json::from_value(object).map_err(|source| Blocked::Api {
        action: action.to_owned(),
        source: Box::new(kube::Error::SerdeError(source)),
    })
}
