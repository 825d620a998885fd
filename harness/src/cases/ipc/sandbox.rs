//! IPC objects of a pod whose sandbox is ended.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::node_disturbance::{kill_pod_sandbox, premise_sandbox_killed};
use crate::cases::premise::Disturbance;
use crate::stage::PodProfile;
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The verb that looks for the object, the verb that created it, and the assertion that it is lost.
const OBJECTS: [(&str, &str, &str); 2] =
    [("mq-look", "mq-send", "queue-is-lost"), ("shm-look", "shm-put", "segment-is-lost")];

pub(super) const LOST_ON_SANDBOX_RECREATE: Case = Case {
    id: "ipc/lost-on-sandbox-recreate",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(kill_pod_sandbox(stage)),
    judge: judge_objects,
};

fn judge_objects(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_sandbox_killed(seen)?;
    for (look, make, assertion) in OBJECTS {
        let made = seen.log_report(uid, MAIN, 0, make)?;
        Inquiry::premise(&format!("a `{make}` that succeeded"), made.value.ok())?;
        inquiry.assert_absent(assertion, &seen.log_report(uid, MAIN, 1, look)?)?;
    }
    Ok(())
}
