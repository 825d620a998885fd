//! Removing namespaces while other cases go on.

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
use super::open::CleanupFault;
use crate::evidence::incurable;
use crate::plan::Budgets;

/// What removes a namespace that is left over.
const SWEEP: &str = "`podproof sweep` removes it";

/// Sees namespaces whose deletion was asked for to their end, each by itself.
pub struct Removals {
    client: Client,
    budgets: Budgets,
    going: Mutex<JoinSet<Option<CleanupFault>>>,
    faults: std::sync::Mutex<Vec<CleanupFault>>,
}

impl Removals {
    /// For namespaces of the cluster behind `client`.
    #[must_use]
    pub fn new(client: Client, budgets: Budgets) -> Self {
        Self { client, budgets, going: Mutex::default(), faults: std::sync::Mutex::default() }
    }

    /// Sees `namespace`, whose deletion was asked for, to its end; does not wait.
    pub async fn begin(&self, namespace: String) {
        let removal = remove(self.client.clone(), namespace, self.budgets);
        self.going.lock().await.spawn(removal);
    }

    /// Waits until those that were begun so far are gone, or their budgets are over. Who stops waiting stops no removal.
    pub async fn settle(&self) {
        let mut going = self.going.lock().await;
        while let Some(ended) = going.join_next().await {
            let fault = ended.unwrap_or_else(|error| Some(format!("a removal panicked: {error}")));
            self.noted().extend(fault);
        }
    }

    /// Waits until all of them are gone; says which are not when the budgets are over.
    pub async fn finish(&self) -> Vec<CleanupFault> {
        self.settle().await;
        std::mem::take(&mut *self.noted())
    }

    fn noted(&self) -> MutexGuard<'_, Vec<CleanupFault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pods get the time to end in an orderly way. Kubelets are known to forget for more than a minute a pod that is
/// deleted while its container is being restarted, so what is left then is deleted by force.
async fn remove(client: Client, namespace: String, budgets: Budgets) -> Option<CleanupFault> {
    let (each, patience) = (budgets.request(), budgets.namespace_gone());
    // What nobody has accepted to remove is not waited for.
    if let Err(blocked) = delete_within(&client, &namespace, each, patience).await {
        return Some(format!("namespace {namespace} is left over, {SWEEP}: {blocked}"));
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    if !are_gone(&pods, budgets.orderly_removal()).await {
        let at_once = DeleteParams::default().grace_period(0);
        // A namespace that has gone meanwhile answers with an error, which is what is wanted.
        let _ = delete_pods(&client, &namespace, &at_once, budgets.request()).await;
        are_gone(&pods, budgets.orderly_removal()).await;
    }
    let namespaces: Api<Namespace> = Api::all(client);
    // The namespace controller looks again only after many seconds where it found pods; a change wakes it.
    let change = json!({ "metadata": { "annotations": { "podproof.local/pods": "gone" } } });
    let (params, change) = (PatchParams::default(), Patch::Merge(&change));
    let _ = timeout(budgets.request(), namespaces.patch(&namespace, &params, &change)).await;
    match is_gone(namespaces, &namespace, budgets.namespace_gone()).await {
        Ok(true) => None,
        Ok(false) => Some(format!("namespace {namespace} is not gone, {SWEEP}")),
        Err(why) => Some(format!("whether namespace {namespace} is gone is unknown: {why}")),
    }
}

/// Whether no pod is left before `patience` is over; returns at once when that is so.
async fn are_gone(pods: &Api<Pod>, patience: Duration) -> bool {
    let mut left = BTreeSet::new();
    let waiting = async {
        let mut stream = watcher(pods.clone(), watcher::Config::default()).default_backoff().boxed();
        while let Some(item) = stream.next().await {
            let told_all = matches!(item, Ok(watcher::Event::InitDone | watcher::Event::Delete(_)));
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
            if told_all && left.is_empty() {
                return;
            }
        }
    };
    timeout(patience, waiting).await.is_ok()
}

/// Whether the namespace is gone before `patience` is over, or why that cannot be seen.
async fn is_gone(namespaces: Api<Namespace>, name: &str, patience: Duration) -> Result<bool, String> {
    let gone = async {
        let mut stream = watcher::watch_object(namespaces, name).default_backoff().boxed();
        while let Some(item) = stream.next().await {
            match item {
                Ok(None) => return Ok(true),
                Ok(Some(_)) => {}
                Err(error) => {
                    if let Some(why) = incurable(&error) {
                        return Err(why);
                    }
                }
            }
        }
        Ok(false)
    };
    timeout(patience, gone).await.unwrap_or(Ok(false))
}
