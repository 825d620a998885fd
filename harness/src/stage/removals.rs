//! Waiting for deleted namespaces to disappear while other cases go on.
//!
//! The evidence of their cases is complete by then. A wait that does not end well becomes a fault in the record.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::namespace::{delete_pods, delete_within};
use super::opening::CleanupFault;
use super::request::with_timeout;
use crate::stage::watch::Refusals;
use podproof_core::plan::Budgets;

/// A hint for messages about a namespace that is left over.
const SWEEP: &str = "`podproof sweep` removes it";

/// Follows the deletion of namespaces in background tasks, one task for each.
pub struct Removals {
    client: Client,
    budgets: Budgets,
    going: Mutex<JoinSet<Option<CleanupFault>>>,
    faults: std::sync::Mutex<Vec<CleanupFault>>,
}

impl Removals {
    /// Creates an empty set for namespaces of the cluster behind `client`.
    #[must_use]
    pub fn new(client: Client, budgets: Budgets) -> Self {
        Self { client, budgets, going: Mutex::default(), faults: std::sync::Mutex::default() }
    }

    /// Starts a task that deletes `namespace` and follows its deletion. Does not wait for it.
    pub async fn begin(&self, namespace: String) {
        let removal = remove(self.client.clone(), namespace, self.budgets);
        self.going.lock().await.spawn(removal);
    }

    /// Waits until every started removal has ended or used up its budget. Cancelling this wait cancels no removal.
    pub async fn wait_for_pending(&self) {
        let mut going = self.going.lock().await;
        while let Some(ended) = going.join_next().await {
            let fault = ended.unwrap_or_else(|error| Some(format!("a removal panicked: {error}")));
            self.noted().extend(fault);
        }
    }

    /// Waits for all removals and returns the faults of those that failed.
    pub async fn finish(&self) -> Vec<CleanupFault> {
        self.wait_for_pending().await;
        std::mem::take(&mut *self.noted())
    }

    fn noted(&self) -> MutexGuard<'_, Vec<CleanupFault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a namespace: first with the pods' grace periods, then by force. Forcing is needed because a kubelet may
/// ignore for more than a minute a pod that is deleted while its container restarts.
async fn remove(client: Client, namespace: String, budgets: Budgets) -> Option<CleanupFault> {
    let (each, patience) = (budgets.request(), budgets.namespace_gone());
    // A namespace whose deletion was not accepted is not waited for.
    if let Err(error) = delete_within(&client, &namespace, each, patience).await {
        return Some(format!("namespace {namespace} is left over, {SWEEP}: {error}"));
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    if !are_gone(&pods, budgets.orderly_removal()).await {
        let at_once = DeleteParams::default().grace_period(0);
        // An error is ignored: the namespace may be gone by now.
        let _ = delete_pods(&client, &namespace, &at_once, budgets.request()).await;
        are_gone(&pods, budgets.orderly_removal()).await;
    }
    let namespaces: Api<Namespace> = Api::all(client);
    // After it found pods, the namespace controller retries only after many seconds; an update wakes it.
    let change = json!({ "metadata": { "annotations": { "podproof.local/pods": "gone" } } });
    let (params, change) = (PatchParams::default(), Patch::Merge(&change));
    let action = format!("wake the controller of namespace {namespace}");
    let _ = with_timeout(budgets.request(), &action, namespaces.patch(&namespace, &params, &change)).await;
    match is_gone(namespaces, &namespace, budgets).await {
        Ok(true) => None,
        Ok(false) => Some(format!("namespace {namespace} is not gone, {SWEEP}")),
        Err(why) => Some(format!("it is unknown if namespace {namespace} is gone: {why}")),
    }
}

/// Returns whether all pods are gone within `patience`. Returns as soon as they are.
async fn are_gone(pods: &Api<Pod>, patience: Duration) -> bool {
    let mut left = BTreeSet::new();
    let waiting = async {
        let mut stream = watcher(pods.clone(), watcher::Config::default()).default_backoff().boxed();
        while let Some(item) = stream.next().await {
            let is_complete = matches!(item, Ok(watcher::Event::InitDone | watcher::Event::Delete(_)));
            match item {
                Ok(watcher::Event::InitApply(pod) | watcher::Event::Apply(pod)) => {
                    left.extend(pod.metadata.uid);
                }
                Ok(watcher::Event::Delete(pod)) => {
                    left.remove(pod.metadata.uid.as_deref().unwrap_or_default());
                }
                Ok(watcher::Event::Init) => left.clear(),
                Ok(watcher::Event::InitDone) | Err(_) => {}
            }
            if is_complete && left.is_empty() {
                return;
            }
        }
    };
    timeout(patience, waiting).await.is_ok()
}

/// Returns whether the namespace is gone within its budget, or why that cannot be observed.
async fn is_gone(namespaces: Api<Namespace>, name: &str, budgets: Budgets) -> Result<bool, String> {
    let gone = async {
        let mut stream = watcher::watch_object(namespaces, name).default_backoff().boxed();
        let mut refusals = Refusals::within(budgets);
        while let Some(item) = stream.next().await {
            match item {
                Ok(None) => return Ok(true),
                Ok(Some(_)) => refusals.succeeded(),
                Err(error) => {
                    if let Some(why) = refusals.final_reason(&error) {
                        return Err(why);
                    }
                }
            }
        }
        Ok(false)
    };
    timeout(budgets.namespace_gone(), gone).await.unwrap_or(Ok(false))
}
