//! IPC objects of a pod that is deleted and recreated with the same name.

use futures::TryFutureExt as _;

use crate::cases::case::Case;
use crate::cases::pod_replacement::{HOLDER, premise_replaced, replace};
use crate::cases::premise::Disturbance;
use crate::stage::PodProfile;
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The verb that looks for the object, the verb that creates it, and the assertion that it is gone.
const OBJECTS: [(&str, &str, &str); 2] =
    [("mq-look", "mq-send", "queue-is-gone"), ("read", "write", "shm-file-is-gone")];

pub(super) const GONE_ON_REPLACEMENT: Case = Case {
    id: "ipc/gone-on-replacement",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(replace(stage, "write").map_ok(drop)),
    judge: judge_gone,
};

fn judge_gone(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = premise_replaced(seen)?;
    for (look, make, _) in OBJECTS {
        let before = seen.log_report(first, HOLDER, 0, look)?;
        Inquiry::premise_absent(&format!("nothing at the first `{look}`"), &before)?;
        let made = seen.log_report(first, HOLDER, 0, make)?;
        Inquiry::premise(&format!("a first `{make}` that succeeded"), made.value.ok())?;
    }
    for (look, _, assertion) in OBJECTS {
        inquiry.assert_absent(assertion, &seen.log_report(second, HOLDER, 0, look)?)?;
    }
    Ok(())
}
