//! Creating and deleting a case's namespace.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use super::error::StageError;
use super::request::{create_idempotent, is_retryable, retry, retry_until, status_code, with_timeout};
use podproof_core::plan::Security;

/// The label that carries the run's id, on each namespace and each object.
pub(super) const RUN_LABEL: &str = "podproof.local/run";
/// How many seconds after its creation `sweep` may remove a namespace. A label of each namespace and each object.
/// Counted by the cluster's clock, because podproof's own may be wrong.
pub(super) const LIFETIME_LABEL: &str = "podproof.local/lifetime";
/// The label of earlier versions: the Unix time of the expiry in seconds, by the client's clock.
pub(super) const EXPIRES_LABEL: &str = "podproof.local/expires";
/// The annotation of a namespace that names the claim.
pub(super) const CLAIM_ANNOTATION: &str = "podproof.local/claim";

/// Deleting the pods may take this fraction of one request's time.
const PODS_FRACTION: u32 = 3;

/// Creates the namespace and its default service account, without which no pod is admitted.
pub(super) async fn make_namespace(
    client: &Client,
    name: &str,
    security: Security,
    labels: &[(String, String)],
    claim: &str,
    patience: Duration,
) -> Result<(), StageError> {
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
    // The name is unique to this run, so an existing namespace was made by a request whose answer was lost.
    let is_own = |found: &DynamicObject| {
        found.metadata.deletion_timestamp.is_none()
            && labels.iter().all(|(key, value)| found.labels().get(key) == Some(value))
    };
    create_idempotent(&namespaces, &namespace, patience, &action, is_own).await?;

    // The controller creates it too, but later, and the API server rejects pods until then.
    let action = format!("create the default service account of namespace {name}");
    let account: ServiceAccount = typed(json!({ "metadata": { "name": "default" } }), &action)?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    let params = PostParams::default();
    match retry(patience, &action, || accounts.create(&params, &account)).await {
        Err(StageError::Api { source, .. }) if status_code(&source) == Some(409) => Ok(()),
        other => other.map(drop),
    }
}

/// Deletes the namespace with everything in it, and retries within `patience` until the API server has accepted that.
/// Does not wait until the namespace is gone.
pub async fn delete_namespace(client: &Client, name: &str, patience: Duration) -> Result<(), StageError> {
    // The pods begin to terminate before the namespace controller looks for them. A failure here is ignored, because
    // deleting the namespace also deletes its pods.
    let _ = delete_pods(client, name, &DeleteParams::default(), patience / PODS_FRACTION).await;
    delete_namespace_within(client, name, patience, patience).await
}

/// Deletes the namespace, with the timeout `each` for one request and `patience` for all of them.
pub(super) async fn delete_namespace_within(
    client: &Client,
    name: &str,
    each: Duration,
    patience: Duration,
) -> Result<(), StageError> {
    let until = Instant::now() + patience;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let action = format!("delete namespace {name}");
    let deletion = || async {
        match namespaces.delete(name, &DeleteParams::default()).await {
            // It is already gone or being deleted.
            Err(error) if matches!(status_code(&error), Some(404 | 409)) => Ok(()),
            answer => answer.map(drop),
        }
    };
    retry_until(until, each, &action, is_retryable, deletion).await
}

pub(super) async fn delete_pods(
    client: &Client,
    namespace: &str,
    how: &DeleteParams,
    patience: Duration,
) -> Result<(), StageError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let action = format!("delete the pods of namespace {namespace}");
    let all = ListParams::default();
    with_timeout(patience, &action, async { pods.delete_collection(how, &all).await.map(drop) }).await
}

fn typed<T: serde::de::DeserializeOwned>(object: serde_json::Value, action: &str) -> Result<T, StageError> {
    serde_json::from_value(object).map_err(|source| StageError::Api {
        action: action.to_owned(),
        source: Box::new(kube::Error::SerdeError(source)),
    })
}
