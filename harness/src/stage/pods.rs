//! Creating and deleting the manifest's pods in the case's namespace.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use super::context::Stage;
use super::error::StageError;
use super::pod_profile::{PodContext, apply_profile};
use super::refs::PodRef;
use super::request::{create_idempotent, retry, status_code};
use podproof_core::evidence::{Applied, Deletion, Refusal, SeenPod};

/// The name of the control pod. Its restart shows how long a restart currently takes on the node.
pub const CONTROL_POD: &str = "control";

impl Stage {
    /// Creates the manifest's pod `name`.
    pub async fn create(&self, name: &str) -> Result<PodRef, StageError> {
        self.create_named_pod(name, None).await
    }

    /// Tries to create the manifest's pod `name`. If the API server refuses it (any HTTP status 4xx), records that and
    /// returns `None`.
    pub async fn try_create(&self, name: &str) -> Result<Option<PodRef>, StageError> {
        let refusal = match self.create(name).await {
            Ok(pod) => return Ok(Some(pod)),
            Err(StageError::Api { action, source }) => match *source {
                kube::Error::Api(status) if (400..500).contains(&status.code) => status,
                other => return Err(StageError::Api { action, source: Box::new(other) }),
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

    /// Creates a copy of the manifest's pod `name`, named `new_name`.
    pub async fn create_as(&self, name: &str, new_name: &str) -> Result<PodRef, StageError> {
        let copies = self.manifest.copies(name, &[new_name.to_owned()]);
        let object = copies.as_ref().and_then(|copies| copies.object(new_name));
        self.create_pod_from(object.ok_or_else(|| StageError::NoObject { name: name.to_owned() })?, None)
            .await
    }

    /// Creates the manifest's pod `name` on the node of `neighbor`. Waits until `neighbor` is scheduled.
    pub async fn create_beside(&self, name: &str, neighbor: &PodRef) -> Result<PodRef, StageError> {
        let node = self.until_scheduled(neighbor).await?;
        self.create_named_pod(name, Some(&node)).await
    }

    /// Waits until `pod` is scheduled, and returns its node.
    pub(super) async fn until_scheduled(&self, pod: &PodRef) -> Result<String, StageError> {
        let what = format!("the node of pod {}", pod.name);
        let node = |seen: &SeenPod| seen.node().map(str::to_owned);
        self.until_pod(&what, self.budgets.pod_running(), pod, node).await
    }

    /// Creates a control pod on the node of `pod`. Its container exits at once and is restarted. How long that takes is
    /// the baseline for concluding that another restart does not happen.
    pub async fn create_control(&self, pod: &PodRef) -> Result<PodRef, StageError> {
        let node = self.until_scheduled(pod).await?;
        self.create_pod_from(&control_pod(), Some(&node)).await
    }

    /// Deletes `pod` with the grace period from its spec. Does not wait until it is gone.
    pub async fn delete(&self, pod: &PodRef) -> Result<(), StageError> {
        // Without the UID this could delete another pod of the same name.
        let preconditions = Preconditions { uid: Some(pod.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let action = format!("delete pod {}", pod.name);
        // Recorded before the request: the pod might be deleted even if the response is lost.
        let (name, uid) = (pod.name.clone(), pod.uid.clone());
        self.recorder.deleted(Deletion { at: podproof_core::evidence::now(), name, uid });
        let pods = self.pods();
        let sent_before = AtomicBool::new(false);
        let send_delete = || async {
            let is_retry = sent_before.swap(true, Relaxed);
            match pods.delete(&pod.name, &params).await {
                // An earlier attempt succeeded: the pod is gone, and another pod may have its name.
                Err(error) if is_retry && matches!(status_code(&error), Some(404 | 409)) => Ok(()),
                answer => answer.map(drop),
            }
        };
        retry(self.budgets.request(), &action, send_delete).await
    }

    /// Deletes `pod` and waits until the API server no longer has it.
    pub async fn delete_and_wait(&self, pod: &PodRef) -> Result<(), StageError> {
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
    pub fn object_names(&self) -> &[String] {
        self.manifest.names()
    }

    /// The name of the manifest's pod with a container called `container`.
    pub fn pod_with_container(&self, container: &str) -> Result<&str, StageError> {
        let has_it = |name: &&String| {
            let object = self.manifest.object(name);
            let list = object.and_then(|object| object.pointer("/spec/containers")?.as_array());
            list.into_iter().flatten().any(|other| other.get("name").is_some_and(|name| name == container))
        };
        let pod = self.object_names().iter().find(has_it);
        pod.map(String::as_str).ok_or_else(|| StageError::NoContainer { name: container.to_owned() })
    }

    pub(super) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(super) fn object(&self, name: &str) -> Result<&Value, StageError> {
        self.manifest.object(name).ok_or_else(|| StageError::NoObject { name: name.to_owned() })
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

    async fn create_named_pod(&self, name: &str, node: Option<&str>) -> Result<PodRef, StageError> {
        self.create_pod_from(self.object(name)?, node).await
    }

    pub(super) async fn create_pod_from(
        &self,
        object: &Value,
        node: Option<&str>,
    ) -> Result<PodRef, StageError> {
        let pod = ApiResource::erase::<Pod>(&());
        let created = self.create_object(("pod", &pod), object, node).await?;
        Ok(PodRef { name: created.name_any(), uid: created.metadata.uid.unwrap_or_default() })
    }

    /// Creates an object with the stage's profile applied, and records it. Its pods run on `node`, if given.
    ///
    /// If the response is lost, adopts an existing object of this name that has the stage's labels and a UID that this
    /// stage has not seen.
    pub(super) async fn create_object(
        &self,
        (kind, resource): (&str, &ApiResource),
        object: &Value,
        node: Option<&str>,
    ) -> Result<DynamicObject, StageError> {
        let object = self.with_profile(object, node);
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let action = format!("create {kind} {name}");
        // A typed object would drop fields that are newer than the types.
        let sent: DynamicObject = serde_json::from_value(object.clone()).map_err(|source| {
            StageError::Api { action: action.clone(), source: Box::new(kube::Error::SerdeError(source)) }
        })?;
        let objects: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, resource);
        let is_own = |found: &DynamicObject| {
            let is_new = found.metadata.uid.as_ref().is_some_and(|uid| !self.created_uids().contains(uid));
            is_new && found.metadata.deletion_timestamp.is_none() && has_labels(found, &self.labels)
        };
        let created = create_idempotent(&objects, &sent, self.budgets.request(), &action, is_own).await?;
        self.created_uids().extend(created.metadata.uid.clone());
        let (at, uid) = (podproof_core::evidence::now(), created.metadata.uid.clone().unwrap_or_default());
        self.recorder.applied(Applied { at, name, uid, object });
        Ok(created)
    }

    /// The UIDs of the objects created so far.
    fn created_uids(&self) -> MutexGuard<'_, BTreeSet<String>> {
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
        "metadata": { "name": CONTROL_POD },
        "spec": {
            "restartPolicy": "Always",
            "containers": [{ "name": CONTROL_POD, "image": "podproof/probe", "args": ["exit", "--code", "1"] }],
        },
    })
}
