//! Single observations: a state of a pod or of another object, or an event.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Event, Pod};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ends::{ended, ended_before, has_program_exit_code, has_started, not_started};
use super::kind::Kind;

/// The type of a watch event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchChange {
    /// The object exists in this state.
    Applied,
    /// The object is gone; this is its last state.
    Deleted,
}

/// A state of a pod, as a watch reported it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenPod {
    /// When podproof received it, by podproof's clock.
    pub at: Timestamp,
    /// Applied or deleted.
    pub change: WatchChange,
    /// The object, without `managedFields`.
    pub pod: Pod,
}

impl SeenPod {
    /// The pod's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.pod.metadata.name.as_deref().unwrap_or_default()
    }

    /// The pod's UID.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.pod.metadata.uid.as_deref().unwrap_or_default()
    }

    /// `status.phase`; empty before the first status.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
    }

    /// `status.reason`, such as `Evicted`; about the pod as a whole, not about a container.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.pod.status.as_ref()?.reason.as_deref()
    }

    /// `status.message`; empty if absent.
    #[must_use]
    pub fn message(&self) -> &str {
        self.pod.status.as_ref().and_then(|status| status.message.as_deref()).unwrap_or_default()
    }

    /// The UID of the controller that owns the pod.
    #[must_use]
    pub fn controller_uid(&self) -> Option<&str> {
        let owners = self.pod.metadata.owner_references.as_deref().unwrap_or_default();
        owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
    }

    /// The pod's IP address.
    #[must_use]
    pub fn ip(&self) -> Option<&str> {
        self.pod.status.as_ref()?.pod_ip.as_deref().filter(|ip| !ip.is_empty())
    }

    /// The IP address of its node.
    #[must_use]
    pub fn host_ip(&self) -> Option<&str> {
        self.pod.status.as_ref()?.host_ip.as_deref().filter(|ip| !ip.is_empty())
    }

    /// The node to which the pod is bound.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.pod.spec.as_ref()?.node_name.as_deref()
    }

    /// Returns whether all regular containers are ready, whatever the pod's condition `Ready` says.
    #[must_use]
    pub fn all_containers_ready(&self) -> bool {
        let status = self.pod.status.as_ref().and_then(|status| status.container_statuses.as_deref());
        status.is_some_and(|statuses| !statuses.is_empty() && statuses.iter().all(|status| status.ready))
    }

    /// Returns whether the phase is `Succeeded` or `Failed`.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase(), "Succeeded" | "Failed")
    }

    /// The status of the container with this name, of any kind.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&ContainerStatus> {
        self.containers().find(|status| status.name == name)
    }

    /// Returns whether the container with this name runs.
    #[must_use]
    pub fn is_running(&self, name: &str) -> bool {
        let state = self.container(name).and_then(|status| status.state.as_ref());
        state.is_some_and(|state| state.running.is_some())
    }

    /// The termination of instance `restart` of this container (0 is the first); `None` if this state does not show it.
    #[must_use]
    pub fn termination_of(&self, name: &str, restart: i32) -> Option<&ContainerStateTerminated> {
        let status = self.container(name)?;
        let state = status.state.as_ref();
        let before = ended_before(status);
        // During back-off, the end of an instance is already in `lastState`, but `restartCount` does not include it.
        let restart_pending = state.is_some_and(|state| state.waiting.is_some());
        let end = if status.restart_count == restart {
            if restart_pending { before } else { ended(status) }
        } else {
            before.filter(|_| status.restart_count == restart + 1 && !restart_pending)
        };
        end.filter(|end| has_program_exit_code(end))
    }

    /// Returns whether this condition is true; `None` if the status does not have it.
    #[must_use]
    pub fn condition(&self, condition_type: &str) -> Option<bool> {
        let conditions = self.pod.status.as_ref()?.conditions.as_deref()?;
        conditions
            .iter()
            .find(|condition| condition.type_ == condition_type)
            .map(|condition| condition.status == "True")
    }

    /// Returns whether any instance of this container has started.
    #[must_use]
    pub fn has_ever_started(&self, name: &str) -> bool {
        self.container(name).is_some_and(|status| {
            // `restartCount` also counts failed attempts to start the container.
            let really_restarted = status.restart_count > 0 && not_started(status).is_none();
            has_started(status) || ended_before(status).is_some() || really_restarted
        })
    }

    /// Returns whether this container's restart count is not zero. Failed attempts to start it count too.
    #[must_use]
    pub fn has_restarted(&self, name: &str) -> bool {
        self.container(name).is_some_and(|status| status.restart_count > 0)
    }

    /// The statuses of all containers: first init, then regular, then ephemeral containers, each in status order.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        let status = self.pod.status.as_ref();
        let init = status.and_then(|status| status.init_container_statuses.as_deref()).unwrap_or_default();
        let regular = status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
        let ephemeral =
            status.and_then(|status| status.ephemeral_container_statuses.as_deref()).unwrap_or_default();
        init.iter().chain(regular).chain(ephemeral)
    }
}

/// A state of an object other than a pod, as reported by a watch or read once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenObject {
    /// When podproof received it, by podproof's clock.
    pub at: Timestamp,
    /// Applied or deleted.
    pub change: WatchChange,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// The object, without `managedFields`.
    pub object: Value,
}

impl SeenObject {
    /// The text at a JSON pointer into the object.
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.object.pointer(pointer)?.as_str()
    }
}

/// A Kubernetes event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenEvent {
    /// When podproof received it, by podproof's clock.
    pub at: Timestamp,
    /// The event.
    pub event: Event,
}

impl SeenEvent {
    /// Returns whether this event has this reason and is about a container of the pod with this UID.
    #[must_use]
    pub fn is_about(&self, uid: &str, container: &str, reason: &str) -> bool {
        let object = &self.event.involved_object;
        self.event.reason.as_deref() == Some(reason)
            && object.uid.as_deref() == Some(uid)
            && object.field_path.as_deref().is_some_and(|path| {
                let field = path.strip_suffix(&format!("{{{container}}}"));
                matches!(field, Some("spec.containers" | "spec.initContainers"))
            })
    }

    /// When a container of the pod with this UID started, in nanoseconds since 1970, if this is its `Started` event.
    ///
    /// The event's time fields have a resolution of seconds, but its name ends in its creation time in hexadecimal
    /// nanoseconds.
    #[must_use]
    pub fn start_nanos(&self, uid: &str, container: &str) -> Option<u64> {
        let is_it = self.is_about(uid, container, "Started");
        let (_, nanoseconds) = self.event.metadata.name.as_deref().filter(|_| is_it)?.rsplit_once('.')?;
        u64::from_str_radix(nanoseconds, 16).ok()
    }
}
