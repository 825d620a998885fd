//! Hooks of containers.

use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;

/// Requires that no preStop hook of the pod is known to have failed: what it was to do is then not done.
pub(super) fn hook_could_be_run(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let failed = seen.events.iter().any(|seen| {
        let event = &seen.event;
        event.reason.as_deref() == Some("FailedPreStopHook")
            && event.involved_object.uid.as_deref() == Some(uid)
    });
    Inquiry::premise("a hook that could be run", !failed)
}
