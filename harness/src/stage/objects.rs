//! Creating objects other than pods, and finding the pods that controllers create.

use std::time::Duration;

use kube::api::{DeleteParams, ListParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::Value;

use super::conditions::Progress;
use super::context::Stage;
use super::error::StageError;
use super::refs::{ObjectRef, PodRef};
use super::request::retry;
use super::watch::{resource, seen_now};
use podproof_core::evidence::{Kind, Observations, SeenObject, WatchChange};
use podproof_core::plan::Manifest;

impl Stage {
    /// Creates the manifest's object `name`, which is not a pod.
    pub async fn apply(&self, name: &str) -> Result<ObjectRef, StageError> {
        self.create_named_object(name, None).await
    }

    /// Creates the manifest's object `name`. Its pods go to the node of `neighbor`. Waits until `neighbor` is scheduled.
    pub async fn apply_beside(&self, name: &str, neighbor: &PodRef) -> Result<ObjectRef, StageError> {
        let node = self.until_scheduled(neighbor).await?;
        self.create_named_object(name, Some(&node)).await
    }

    async fn create_named_object(&self, name: &str, node: Option<&str>) -> Result<ObjectRef, StageError> {
        let object = self.object(name)?;
        let kind = Kind::of(object).ok_or_else(|| StageError::UnknownKind { name: name.to_owned() })?;
        let created = self.create_object((kind.as_str(), &resource(kind)), object, node).await?;
        let SeenObject { uid, object, .. } = seen_now(kind, WatchChange::Applied, created);
        Ok(ObjectRef { kind, name: name.to_owned(), uid, object })
    }

    /// Waits for a pod that `controller` created, other than `known`.
    pub async fn until_created(
        &self,
        controller: &ObjectRef,
        known: Option<&PodRef>,
    ) -> Result<PodRef, StageError> {
        let what = format!("a pod of {} {}", controller.kind.as_str(), controller.name);
        let new_pod = |seen: &Observations| {
            let mut created = seen.timeline.iter().filter(|pod| {
                pod.controller_uid() == Some(&controller.uid)
                    && known.is_none_or(|known| known.uid != pod.uid())
            });
            created.next().map(|pod| PodRef { name: pod.name().to_owned(), uid: pod.uid().to_owned() })
        };
        let look = |seen: &Observations| new_pod(seen).map_or(Progress::NotYet, Progress::Met);
        self.until(&what, self.budgets.pod_running(), look).await
    }

    /// Lists the cluster's nodes once and records each as evidence.
    pub async fn look_at_nodes(&self) -> Result<Vec<SeenObject>, StageError> {
        let nodes: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource(Kind::Node));
        let all = ListParams::default();
        let list = retry(self.budgets.request(), "list the nodes", || nodes.list(&all)).await?;
        let seen: Vec<_> = list
            .items
            .into_iter()
            .map(|mut node| {
                // The rest of the status (images and so on) is large, and no judge reads it.
                if let Some(status) = node.data.pointer_mut("/status").and_then(Value::as_object_mut) {
                    status.retain(|key, _| key == "addresses");
                }
                node.metadata.annotations = None;
                seen_now(Kind::Node, WatchChange::Applied, node)
            })
            .collect();
        for node in &seen {
            self.recorder.looked_at(node.clone());
        }
        Ok(seen)
    }
}

/// The kinds of the manifest's objects other than pods.
pub(super) fn kinds_in(manifest: &Manifest) -> Vec<Kind> {
    manifest.names().iter().filter_map(|name| Kind::of(manifest.object(name)?)).collect()
}

/// Deletes the controllers that would create new pods while the namespace's pods are being deleted.
pub(super) async fn stop_controllers(
    client: &Client,
    namespace: &str,
    kinds: &[Kind],
    patience: Duration,
) -> Result<(), StageError> {
    for kind in kinds.iter().filter(|kind| kind.makes_pods()) {
        let objects: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource(*kind));
        let (how, all) = (DeleteParams::background(), ListParams::default());
        let send_delete = || async { objects.delete_collection(&how, &all).await.map(drop) };
        retry(patience, &format!("delete every {}", kind.as_str()), send_delete).await?;
    }
    Ok(())
}
