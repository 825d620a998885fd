//! Creating and deleting the objects of the manifest.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use super::asking::{asked_again, code, created};
use super::attire::{Wearer, dress};
use super::blocked::Blocked;
use super::open::Stage;
use crate::evidence::{Applied, Deletion, Refusal, SeenPod};

/// The name of the pod that shows how long a restart takes.
pub const CONTROL: &str = "control";

/// A pod that was created: its name and, because names are used again, its UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRef {
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: String,
}

impl Stage {
    /// Creates the pod called `name` in the manifest.
    pub async fn create(&self, name: &str) -> Result<PodRef, Blocked> {
        self.create_pod(name, None).await
    }

    /// Tries to create the pod called `name`. That the API server refuses it is an answer, which is kept as evidence.
    pub async fn attempt(&self, name: &str) -> Result<Option<PodRef>, Blocked> {
        let refusal = match self.create(name).await {
            Ok(pod) => return Ok(Some(pod)),
            Err(Blocked::Api { action, source }) => match *source {
                kube::Error::Api(status) if (400..500).contains(&status.code) => status,
                other => return Err(Blocked::Api { action, source: Box::new(other) }),
            },
            Err(other) => return Err(other),
        };
        self.recorder.refused(Refusal {
            at: crate::evidence::now(),
            name: name.to_owned(),
            object: self.manifest.object(name).cloned().unwrap_or_default(),
            code: refusal.code,
            reason: refusal.reason.clone(),
            message: refusal.message.clone(),
        });
        Ok(None)
    }

    /// Creates the pod called `name` in the manifest under another name.
    pub async fn create_as(&self, name: &str, other: &str) -> Result<PodRef, Blocked> {
        let copies = self.manifest.copies(name, &[other.to_owned()]);
        let object = copies.as_ref().and_then(|copies| copies.object(other));
        self.send_pod(object.ok_or_else(|| Blocked::NoObject { name: name.to_owned() })?, None).await
    }

    /// Creates the pod called `name` on the node on which `other` runs or ran, once that is known.
    pub async fn create_beside(&self, name: &str, other: &PodRef) -> Result<PodRef, Blocked> {
        let node = self.node_of(other).await?;
        self.create_pod(name, Some(&node)).await
    }

    pub(super) async fn node_of(&self, pod: &PodRef) -> Result<String, Blocked> {
        let what = format!("the node of pod {}", pod.name);
        let node = |seen: &SeenPod| seen.node().map(str::to_owned);
        self.until_pod(&what, self.budgets.pod_running(), pod, node).await
    }

    /// Creates a pod on the node of `pod` whose container ends at once and is restarted: how long that takes shows for how
    /// long another restart must be awaited before it counts as none.
    pub async fn create_control(&self, pod: &PodRef) -> Result<PodRef, Blocked> {
        let node = self.node_of(pod).await?;
        self.send_pod(&control_pod(), Some(&node)).await
    }

    /// Asks for the deletion of `pod` with its own grace period; does not wait for it to be gone.
    pub async fn delete(&self, pod: &PodRef) -> Result<(), Blocked> {
        // The UID as a precondition: never delete a namesake.
        let preconditions = Preconditions { uid: Some(pod.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let action = format!("delete pod {}", pod.name);
        // Even where no answer comes, the pod may be deleted.
        let (name, uid) = (pod.name.clone(), pod.uid.clone());
        self.recorder.deleted(Deletion { at: crate::evidence::now(), name, uid });
        let pods = self.pods();
        let is_repeated = AtomicBool::new(false);
        let asked = || async {
            let is_repeated = is_repeated.swap(true, Relaxed);
            match pods.delete(&pod.name, &params).await {
                // The request before was carried out: the pod has gone, and another may have its name.
                Err(error) if is_repeated && matches!(code(&error), Some(404 | 409)) => Ok(()),
                answer => answer.map(drop),
            }
        };
        asked_again(self.budgets.request(), &action, asked).await
    }

    /// Deletes `pod` and waits until the API server has it no more.
    pub async fn delete_and_wait(&self, pod: &PodRef) -> Result<(), Blocked> {
        self.delete(pod).await?;
        self.until_gone(pod).await
    }

    /// Notes a named moment in the evidence.
    pub fn mark(&self, name: &str) {
        self.recorder.mark(name);
    }

    /// The case's token: a random text that the containers have as `PODPROOF_TOKEN`.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The names of the manifest's objects, in order.
    #[must_use]
    pub fn objects(&self) -> &[String] {
        self.manifest.names()
    }

    /// The name of the manifest's pod that has a container called `container`.
    pub fn home_of(&self, container: &str) -> Result<&str, Blocked> {
        let has_it = |name: &&String| {
            let object = self.manifest.object(name);
            let list = object.and_then(|object| object.pointer("/spec/containers")?.as_array());
            list.into_iter().flatten().any(|other| other.get("name").is_some_and(|name| name == container))
        };
        let home = self.objects().iter().find(has_it);
        home.map(String::as_str).ok_or_else(|| Blocked::NoObject { name: container.to_owned() })
    }

    pub(super) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(super) fn object(&self, name: &str) -> Result<&Value, Blocked> {
        self.manifest.object(name).ok_or_else(|| Blocked::NoObject { name: name.to_owned() })
    }

    /// An object as it is sent, to or for this node.
    pub(super) fn dressed(&self, object: &Value, node: Option<&str>) -> Value {
        let wearer = Wearer {
            namespace: &self.namespace,
            labels: &self.labels,
            token: &self.token,
            images: &self.images,
            node,
        };
        dress(object, self.attire, &wearer)
    }

    async fn create_pod(&self, name: &str, node: Option<&str>) -> Result<PodRef, Blocked> {
        self.send_pod(self.object(name)?, node).await
    }

    pub(super) async fn send_pod(&self, object: &Value, node: Option<&str>) -> Result<PodRef, Blocked> {
        let dressed = self.dressed(object, node);
        let name = dressed.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let action = format!("create pod {name}");
        // Not as a typed pod: that would lose the fields which are newer than the types.
        let pod: DynamicObject = serde_json::from_value(dressed.clone()).map_err(|source| Blocked::Api {
            action: action.clone(),
            source: Box::new(kube::Error::SerdeError(source)),
        })?;
        let pods: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::erase::<Pod>(&()));
        let uid = self.made(&pods, &pod, &action).await?.metadata.uid.unwrap_or_default();
        self.recorder.applied(Applied {
            at: crate::evidence::now(),
            name: name.clone(),
            uid: uid.clone(),
            object: dressed,
        });
        Ok(PodRef { name, uid })
    }

    /// Creates `object`. One of this name that carries our labels and that nobody was answered for is ours: the answer to
    /// its creation was lost.
    pub(super) async fn made(
        &self,
        objects: &Api<DynamicObject>,
        object: &DynamicObject,
        action: &str,
    ) -> Result<DynamicObject, Blocked> {
        let is_ours = |found: &DynamicObject| {
            let is_new = found.metadata.uid.as_ref().is_some_and(|uid| !self.known().contains(uid));
            is_new && found.metadata.deletion_timestamp.is_none() && bears(found, &self.labels)
        };
        let made = created(objects, object, self.budgets.request(), action, is_ours).await?;
        self.known().extend(made.metadata.uid.clone());
        Ok(made)
    }

    /// The UIDs of the objects that were created so far.
    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bears(found: &DynamicObject, labels: &[(String, String)]) -> bool {
    labels.iter().all(|(key, value)| found.labels().get(key) == Some(value))
}

fn control_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": CONTROL },
        "spec": {
            "restartPolicy": "Always",
            "containers": [{ "name": CONTROL, "image": "podproof/probe", "args": ["exit", "--code", "1"] }],
        },
    })
}
