//! Creating and deleting the objects of the manifest.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::core::{ApiResource, DynamicObject};
use serde_json::Value;
use tokio::time::timeout;

use super::attire::{Wearer, dress};
use super::blocked::Blocked;
use super::open::Stage;
use crate::evidence::{Applied, Deletion, Refusal, SeenPod};

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
            at: Timestamp::now(),
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

    /// Asks for the deletion of `pod` with its own grace period; does not wait for it to be gone.
    pub async fn delete(&self, pod: &PodRef) -> Result<(), Blocked> {
        // The UID as a precondition: never delete a namesake.
        let preconditions = Preconditions { uid: Some(pod.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let action = format!("delete pod {}", pod.name);
        // Even where no answer comes, the pod may be deleted.
        let (name, uid) = (pod.name.clone(), pod.uid.clone());
        self.recorder.deleted(Deletion { at: Timestamp::now(), name, uid });
        let pods = self.pods();
        let asked = async { pods.delete(&pod.name, &params).await.map(drop) };
        asked_in(self.budgets.request(), &action, asked).await
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
        let params = PostParams::default();
        let created = asked_in(self.budgets.request(), &action, pods.create(&params, &pod)).await?;
        let uid = created.metadata.uid.unwrap_or_default();
        self.recorder.applied(Applied {
            at: Timestamp::now(),
            name: name.clone(),
            uid: uid.clone(),
            object: dressed,
        });
        Ok(PodRef { name, uid })
    }
}

/// One question to the API server, with a bound. A connection that was kept may just have been let go by the other side:
/// a question, which changes nothing, is then put once more.
pub(super) async fn asked_of_kept<T, R>(
    patience: Duration,
    action: &str,
    mut request: impl FnMut() -> R,
) -> Result<T, Blocked>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    let is_unsent =
        |source: &kube::Error| matches!(source, kube::Error::Service(_) | kube::Error::HyperError(_));
    match asked_in(patience, action, request()).await {
        Err(Blocked::Api { source, .. }) if is_unsent(&source) => asked_in(patience, action, request()).await,
        answer => answer,
    }
}

/// One request to the API server, with a bound.
pub(super) async fn asked_in<T>(
    patience: Duration,
    action: &str,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Blocked> {
    match timeout(patience, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(Blocked::Api { action: action.to_owned(), source: Box::new(source) }),
        Err(_) => Err(Blocked::Silent { action: action.to_owned(), waited: patience }),
    }
}
