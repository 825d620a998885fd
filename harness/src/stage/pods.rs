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

use super::blocked::Blocked;
use super::context::Stage;
use super::pod_profile::{PodContext, apply_profile};
use super::refs::PodRef;
use super::request::{create_idempotent, retry, status_code};
use podproof_core::evidence::{Applied, Deletion, Refusal, SeenPod};

/// The name of the control pod, which measures how long a restart takes on the node.
pub const CONTROL: &str = "control";

impl Stage {
    /// Creates the manifest's pod `name`.
    pub async fn create(&self, name: &str) -> Result<PodRef, Blocked> {
        self.create_pod(name, None).await
    }

    /// Tries to create the manifest's pod `name`. A refusal (any HTTP status 4xx) is recorded and returned as `None`.
    pub async fn try_create(&self, name: &str) -> Result<Option<PodRef>, Blocked> {
        let refusal = match self.create(name).await {
            Ok(pod) => return Ok(Some(pod)),
            Err(Blocked::Api { action, source }) => match *source {
                kube::Error::Api(status) if (400..500).contains(&status.code) => status,
                other => return Err(Blocked::Api { action, source: Box::new(other) }),
            },
            Err(other) => return Err(other),
        };
        self.recorder.refused(Refusal {
            at: podproof_core::evidence::now(),
            name: name.to_owned(),
            object: self.manifest.object(name).cloned().unwrap_or_default(),
            code: refusal.code,
            reason: refusal.reason.clone(),
            message: refusal.message.clone(),
        });
        Ok(None)
    }

    /// Creates the manifest's pod `name` under the name `other`.
    pub async fn create_as(&self, name: &str, other: &str) -> Result<PodRef, Blocked> {
        let copies = self.manifest.copies(name, &[other.to_owned()]);
        let object = copies.as_ref().and_then(|copies| copies.object(other));
        self.send_pod(object.ok_or_else(|| Blocked::NoObject { name: name.to_owned() })?, None).await
    }

    /// Creates the manifest's pod `name` on the node on which `other` runs or ran. Waits until that node is known.
    pub async fn create_beside(&self, name: &str, other: &PodRef) -> Result<PodRef, Blocked> {
        let node = self.node_of(other).await?;
        self.create_pod(name, Some(&node)).await
    }

    pub(super) async fn node_of(&self, pod: &PodRef) -> Result<String, Blocked> {
        let what = format!("the node of pod {}", pod.name);
        let node = |seen: &SeenPod| seen.node().map(str::to_owned);
        self.until_pod(&what, self.budgets.pod_running(), pod, node).await
    }

    /// Creates a control pod on the node of `pod`. Its container exits at once and is restarted; the time this takes
    /// shows how long to wait before another restart counts as missing.
    pub async fn create_control(&self, pod: &PodRef) -> Result<PodRef, Blocked> {
        let node = self.node_of(pod).await?;
        self.send_pod(&control_pod(), Some(&node)).await
    }

    /// Requests the deletion of `pod` with its own grace period. Does not wait until it is gone.
    pub async fn delete(&self, pod: &PodRef) -> Result<(), Blocked> {
        // Without the UID this could delete another pod of the same name.
        let preconditions = Preconditions { uid: Some(pod.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let action = format!("delete pod {}", pod.name);
        // Recorded before the request: the pod may be deleted although no answer comes.
        let (name, uid) = (pod.name.clone(), pod.uid.clone());
        self.recorder.deleted(Deletion { at: podproof_core::evidence::now(), name, uid });
        let pods = self.pods();
        let is_repeated = AtomicBool::new(false);
        let asked = || async {
            let is_repeated = is_repeated.swap(true, Relaxed);
            match pods.delete(&pod.name, &params).await {
                // An earlier try succeeded: the pod is gone, and another may have its name.
                Err(error) if is_repeated && matches!(status_code(&error), Some(404 | 409)) => Ok(()),
                answer => answer.map(drop),
            }
        };
        retry(self.budgets.request(), &action, asked).await
    }

    /// Deletes `pod` and waits until the API server no longer has it.
    pub async fn delete_and_wait(&self, pod: &PodRef) -> Result<(), Blocked> {
        self.delete(pod).await?;
        self.until_gone(pod).await
    }

    /// Records the current time under `name`.
    pub fn mark(&self, name: &str) {
        self.recorder.mark(name);
    }

    /// The case's token: a random text that the containers get as `PODPROOF_TOKEN`.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The names of the manifest's objects, in manifest order.
    #[must_use]
    pub fn objects(&self) -> &[String] {
        self.manifest.names()
    }

    /// The name of the manifest's pod with a container called `container`.
    pub fn pod_with_container(&self, container: &str) -> Result<&str, Blocked> {
        let has_it = |name: &&String| {
            let object = self.manifest.object(name);
            let list = object.and_then(|object| object.pointer("/spec/containers")?.as_array());
            list.into_iter().flatten().any(|other| other.get("name").is_some_and(|name| name == container))
        };
        let pod = self.objects().iter().find(has_it);
        pod.map(String::as_str).ok_or_else(|| Blocked::NoObject { name: container.to_owned() })
    }

    pub(super) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(super) fn object(&self, name: &str) -> Result<&Value, Blocked> {
        self.manifest.object(name).ok_or_else(|| Blocked::NoObject { name: name.to_owned() })
    }

    /// The object with the stage's profile applied, as it is sent. Its pods run on `node`, if given.
    pub(super) fn with_profile(&self, object: &Value, node: Option<&str>) -> Value {
        let context = PodContext {
            namespace: &self.namespace,
            labels: &self.labels,
            token: &self.token,
            images: &self.images,
            node,
        };
        apply_profile(object, self.pod_profile, &context)
    }

    async fn create_pod(&self, name: &str, node: Option<&str>) -> Result<PodRef, Blocked> {
        self.send_pod(self.object(name)?, node).await
    }

    pub(super) async fn send_pod(&self, object: &Value, node: Option<&str>) -> Result<PodRef, Blocked> {
        let completed = self.with_profile(object, node);
        let name = completed.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let action = format!("create pod {name}");
        // A typed `Pod` would drop fields that are newer than the types.
        let pod: DynamicObject = serde_json::from_value(completed.clone()).map_err(|source| {
            Blocked::Api { action: action.clone(), source: Box::new(kube::Error::SerdeError(source)) }
        })?;
        let pods: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::erase::<Pod>(&()));
        let uid = self.create_object(&pods, &pod, &action).await?.metadata.uid.unwrap_or_default();
        self.recorder.applied(Applied {
            at: podproof_core::evidence::now(),
            name: name.clone(),
            uid: uid.clone(),
            object: completed,
        });
        Ok(PodRef { name, uid })
    }

    /// Creates `object`. After a lost answer, an existing object of this name counts as created by this request if it
    /// has the stage's labels and an unknown UID.
    pub(super) async fn create_object(
        &self,
        objects: &Api<DynamicObject>,
        object: &DynamicObject,
        action: &str,
    ) -> Result<DynamicObject, Blocked> {
        let is_own = |found: &DynamicObject| {
            let is_new = found.metadata.uid.as_ref().is_some_and(|uid| !self.known_uids().contains(uid));
            is_new && found.metadata.deletion_timestamp.is_none() && has_labels(found, &self.labels)
        };
        let made = create_idempotent(objects, object, self.budgets.request(), action, is_own).await?;
        self.known_uids().extend(made.metadata.uid.clone());
        Ok(made)
    }

    /// The UIDs of the objects created so far.
    fn known_uids(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.created_uids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_labels(found: &DynamicObject, labels: &[(String, String)]) -> bool {
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
