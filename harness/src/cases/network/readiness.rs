//! Pods behind a service that were ready all the time: of others nothing is claimed.

use crate::evidence::{Change, Evidence, Missing, SeenPod};
use crate::judge::Inquiry;

/// Requires that the pod with this UID, once it was ready, never ceased to be, and that slices of the service said so too
/// from when they first did: a service leads nobody to a pod that is not ready, not even for a moment.
///
/// It is for pods that nothing makes unready until the end of the drive.
pub(super) fn premise_ready_since(seen: &Evidence, service: &str, uid: &str) -> Result<(), Missing> {
    premise_ready_all_the_time(seen, uid)?;
    let name = seen.last(uid)?.name();
    let mut states = seen.endpoint_states(service, uid).skip_while(|state| !state.ready).peekable();
    let first = states.peek().is_some();
    Inquiry::premise(&format!("pod {name} behind service {service}"), first)?;
    let stays = states.all(|state| state.ready);
    let last = seen.endpoints(service).iter().any(|endpoint| endpoint.pod == uid && endpoint.ready);
    Inquiry::premise(&format!("pod {name} behind service {service} all the time"), stays && last)
}

/// Requires that the pod with this UID, once it was ready, never ceased to be.
pub(super) fn premise_ready_all_the_time(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let name = seen.last(uid)?.name();
    let mut states = seen.states(uid).skip_while(|state| !is_ready(state)).peekable();
    Inquiry::premise(&format!("pod {name} ready"), states.peek().is_some())?;
    let left = states.find(|state| !is_ready(state));
    Inquiry::premise(&format!("pod {name} ready all the time since it was ready first"), left.is_none())
}

/// Whether the pod and all its containers are ready, and nobody has asked for its end.
fn is_ready(state: &SeenPod) -> bool {
    let asked_to_go = state.pod.metadata.deletion_timestamp.is_some() || state.change == Change::Deleted;
    state.is_ready() && state.condition("Ready") != Some(false) && !asked_to_go
}
