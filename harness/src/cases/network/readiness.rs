//! Premises that pods stayed ready: the claims say nothing about other pods.

use podproof_core::evidence::{Evidence, Missing, SeenPod, WatchChange};
use podproof_core::judge::Inquiry;

/// Requires that the pod stayed ready once it was ready, and that the service's endpoint slices listed it as ready
/// all that time. A service does not route to a pod that is not ready, even briefly.
///
/// Only for pods that the drive never makes unready.
pub(super) fn premise_endpoint_stays_ready(seen: &Evidence, service: &str, uid: &str) -> Result<(), Missing> {
    premise_stays_ready(seen, uid)?;
    let name = seen.pod(uid)?.name();
    let mut states = seen.endpoint_states(service, uid).skip_while(|state| !state.ready).peekable();
    let first = states.peek().is_some();
    Inquiry::premise(&format!("pod {name} behind service {service}"), first)?;
    let stays = states.all(|state| state.ready);
    let last = seen.endpoints(service).iter().any(|endpoint| endpoint.pod == uid && endpoint.ready);
    Inquiry::premise(&format!("pod {name} behind service {service} all the time"), stays && last)
}

/// Requires that the pod was ready, and stayed ready from then on.
pub(super) fn premise_stays_ready(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let name = seen.pod(uid)?.name();
    let mut states = seen.states(uid).skip_while(|state| !is_ready(state)).peekable();
    Inquiry::premise(&format!("pod {name} ready"), states.peek().is_some())?;
    let left = states.find(|state| !is_ready(state));
    Inquiry::premise(&format!("pod {name} ready all the time after it was first ready"), left.is_none())
}

/// Returns whether the pod and all its containers are ready, and the pod is not being deleted.
fn is_ready(state: &SeenPod) -> bool {
    let is_deleted = state.pod.metadata.deletion_timestamp.is_some() || state.change == WatchChange::Deleted;
    state.all_containers_ready() && state.condition("Ready") != Some(false) && !is_deleted
}
