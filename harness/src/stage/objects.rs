//! Creating objects that are no pods, and finding the pods that they make.

use std::time::Duration;

use kube::api::{DeleteParams, ListParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::Value;

use super::asking::asked_again;
use super::blocked::Blocked;
use super::conditions::Progress;
use super::deeds::PodRef;
use super::open::Stage;
use crate::evidence::{Applied, Change, Kind, Observed, SeenObject};
use crate::plan::Manifest;

/// An object that was created and is no pod.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: String,
    /// The object as the API server completed it.
    pub object: Value,
}

impl Stage {
    /// Creates the object called `name` in the manifest, which is no pod.
    pub async fn apply(&self, name: &str) -> Result<ObjectRef, Blocked> {
        self.send_object(name, None).await
    }

    /// Creates the object called `name`; the pods that it makes go to the node on which `other` runs or ran.
    pub async fn apply_beside(&self, name: &str, other: &PodRef) -> Result<ObjectRef, Blocked> {
        let node = self.node_of(other).await?;
        self.send_object(name, Some(&node)).await
    }

    async fn send_object(&self, name: &str, node: Option<&str>) -> Result<ObjectRef, Blocked> {
        let object = self.object(name)?;
        let kind = Kind::of(object).ok_or_else(|| Blocked::UnknownKind { name: name.to_owned() })?;
        let dressed = self.dressed(object, node);
        let action = format!("create {} {name}", kind.as_str());
        let sent: DynamicObject = serde_json::from_value(dressed.clone()).map_err(|source| Blocked::Api {
            action: action.clone(),
            source: Box::new(kube::Error::SerdeError(source)),
        })?;
        let created = self.made(&self.objects_of(kind), &sent, &action).await?;
        let SeenObject { uid, object, .. } = SeenObject::now(kind, Change::Applied, created);
        let at = crate::evidence::now();
        self.recorder.applied(Applied { at, name: name.to_owned(), uid: uid.clone(), object: dressed });
        Ok(ObjectRef { kind, name: name.to_owned(), uid, object })
    }

    /// Waits for a pod that `controller` has made, other than `known`.
    pub async fn until_made(
        &self,
        controller: &ObjectRef,
        known: Option<&PodRef>,
    ) -> Result<PodRef, Blocked> {
        let what = format!("a pod of {} {}", controller.kind.as_str(), controller.name);
        let new_pod = |seen: &Observed| {
            let mut made = seen.timeline.iter().filter(|pod| {
                pod.controller() == Some(&controller.uid) && known.is_none_or(|known| known.uid != pod.uid())
            });
            made.next().map(|pod| PodRef { name: pod.name().to_owned(), uid: pod.uid().to_owned() })
        };
        let look = |seen: &Observed| new_pod(seen).map_or(Progress::NotYet, Progress::Met);
        self.until(&what, self.budgets.pod_running(), look).await
    }

    /// Looks at the cluster's nodes once, and keeps each in the evidence.
    pub async fn look_at_nodes(&self) -> Result<Vec<SeenObject>, Blocked> {
        let nodes: Api<DynamicObject> = Api::all_with(self.client.clone(), &Kind::Node.resource());
        let all = ListParams::default();
        let list = asked_again(self.budgets.request(), "list the nodes", || nodes.list(&all)).await?;
        let seen: Vec<_> = list
            .items
            .into_iter()
            .map(|mut node| {
                // What a node says of images and the like is much, and nobody asks for it here.
                if let Some(status) = node.data.pointer_mut("/status").and_then(Value::as_object_mut) {
                    status.retain(|key, _| key == "addresses");
                }
                node.metadata.annotations = None;
                SeenObject::now(Kind::Node, Change::Applied, node)
            })
            .collect();
        for node in &seen {
            self.recorder.looked_at(node.clone());
        }
        Ok(seen)
    }

    fn objects_of(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource())
    }
}

/// The kinds of the manifest's objects that are no pods.
pub(super) fn kinds_in(manifest: &Manifest) -> Vec<Kind> {
    manifest.names().iter().filter_map(|name| Kind::of(manifest.object(name)?)).collect()
}

/// Removes what would make new pods while the namespace's pods are being removed.
pub(super) async fn stop_controllers(
    client: &Client,
    namespace: &str,
    kinds: &[Kind],
    patience: Duration,
) -> Result<(), Blocked> {
    for kind in kinds.iter().filter(|kind| kind.makes_pods()) {
        let objects: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind.resource());
        let (how, all) = (DeleteParams::background(), ListParams::default());
        let asked = || async { objects.delete_collection(&how, &all).await.map(drop) };
        asked_again(patience, &format!("delete every {}", kind.as_str()), asked).await?;
    }
    Ok(())
}
