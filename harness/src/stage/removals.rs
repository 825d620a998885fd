//! Removes the namespaces of ended cases while other cases go on.
//!
//! The evidence of their cases is complete by then. A wait that does not end well becomes a fault in the record.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::DeleteParams;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::namespace::{delete_namespace_within, delete_pods};
use super::opening::CleanupFault;
use crate::stage::watch::Refusals;
use podproof_core::plan::Budgets;

/// A hint for messages about a namespace that is left over.
const SWEEP: &str = "`podproof sweep` removes it";

/// Removes namespaces in background tasks, one task for each.
pub struct Removals {
    client: Client,
    budgets: Budgets,
    stop: CancellationToken,
    going: Mutex<JoinSet<Option<CleanupFault>>>,
    /// The namespaces whose deletion the API server has not accepted yet.
    remaining: Arc<SyncMutex<BTreeSet<String>>>,
    faults: SyncMutex<Vec<CleanupFault>>,
}

impl Removals {
    /// Creates an empty set for namespaces of the cluster behind `client`. Once `stop` is cancelled, namespaces are deleted
    /// without waiting for their pods.
    #[must_use]
    pub fn new(client: Client, budgets: Budgets, stop: CancellationToken) -> Self {
        Self {
            client,
            budgets,
            stop,
            going: Mutex::default(),
            remaining: Arc::default(),
            faults: SyncMutex::default(),
        }
    }

    /// Starts a task that deletes the pods of `namespace`, then the namespace, and waits until it is gone. Does not wait
    /// for the task.
    pub async fn begin(&self, namespace: String) {
        lock(&self.remaining).insert(namespace.clone());
        let removal = Removal {
            client: self.client.clone(),
            namespace,
            budgets: self.budgets,
            stop: self.stop.clone(),
            remaining: Arc::clone(&self.remaining),
        };
        self.going.lock().await.spawn(removal.run());
    }

    /// Waits until every started removal has ended or used up its budget. Cancelling this wait cancels no removal.
    pub async fn wait_for_pending(&self) {
        let mut going = self.going.lock().await;
        while let Some(ended) = going.join_next().await {
            let fault = ended.unwrap_or_else(|error| Some(format!("a removal panicked: {error}")));
            lock(&self.faults).extend(fault);
        }
    }

    /// Like [`finish`](Self::finish), with the interrupt as a fault.
    pub async fn faults(&self, interrupt: &CancellationToken) -> Vec<CleanupFault> {
        let faults = self.finish(interrupt).await;
        faults.unwrap_or_else(|| vec!["interrupted before all namespaces were deleted".to_owned()])
    }

    /// Waits for all removals and returns the faults of those that failed. If `interrupt` is cancelled first, only
    /// requests the deletions that the API server has not accepted yet, and returns `None`.
    pub async fn finish(&self, interrupt: &CancellationToken) -> Option<Vec<CleanupFault>> {
        if interrupt.run_until_cancelled(self.wait_for_pending()).await.is_some() {
            return Some(std::mem::take(&mut *lock(&self.faults)));
        }
        let remaining = lock(&self.remaining).clone();
        let patience = self.budgets.connect();
        // An error is ignored: the caller reports that namespaces may be left over.
        let deletions = remaining
            .iter()
            .map(|namespace| delete_namespace_within(&self.client, namespace, patience, patience));
        join_all(deletions).await;
        None
    }
}

fn lock<T>(shared: &SyncMutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The deletion of one namespace.
struct Removal {
    client: Client,
    namespace: String,
    budgets: Budgets,
    stop: CancellationToken,
    remaining: Arc<SyncMutex<BTreeSet<String>>>,
}

impl Removal {
    /// Deletes the namespace after its pods: whenever the namespace controller finds pods, it waits and then deletes the
    /// objects of every kind once more. After `stop` it does not wait for the pods.
    async fn run(self) -> Option<CleanupFault> {
        let Self { client, namespace, budgets, stop, remaining } = &self;
        let are_pods_gone = stop.run_until_cancelled(self.remove_pods()).await == Some(true);
        let (each, patience) = (budgets.request(), budgets.namespace_gone());
        // A namespace whose deletion was not accepted is not waited for.
        if let Err(error) = delete_namespace_within(client, namespace, each, patience).await {
            return Some(format!("namespace {namespace} is left over, {SWEEP}: {error}"));
        }
        lock(remaining).remove(namespace);
        if !are_pods_gone && !self.are_gone().await {
            self.kill_pods().await;
        }
        match is_gone(Api::all(client.clone()), namespace, *budgets).await {
            Ok(true) => None,
            Ok(false) => Some(format!("namespace {namespace} is not gone, {SWEEP}")),
            Err(why) => Some(format!("it is unknown if namespace {namespace} is gone: {why}")),
        }
    }

    /// Deletes the pods with their grace periods, then by force, because a kubelet may ignore for more than a minute a pod
    /// that is deleted while its container restarts. Returns whether they are gone. An error is no fault, because deleting
    /// the namespace also deletes its pods.
    async fn remove_pods(&self) -> bool {
        let Self { client, namespace, budgets, .. } = self;
        let deletion = delete_pods(client, namespace, &DeleteParams::default(), budgets.request()).await;
        // Pods are deleted by force only after they had their grace periods.
        deletion.is_ok() && (self.are_gone().await || self.kill_pods().await && self.are_gone().await)
    }

    /// Deletes the pods by force. Returns whether the API server accepted that.
    async fn kill_pods(&self) -> bool {
        let Self { client, namespace, budgets, .. } = self;
        let immediately = DeleteParams::default().grace_period(0);
        delete_pods(client, namespace, &immediately, budgets.request()).await.is_ok()
    }

    /// Returns whether all pods are gone within the budget. Returns as soon as they are.
    async fn are_gone(&self) -> bool {
        are_gone(&Api::namespaced(self.client.clone(), &self.namespace), self.budgets.orderly_removal()).await
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
