//! Volumes of a pod whose sandbox is ended.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::node_disturbance::{kill_pod_sandbox, premise_ok_report, premise_sandbox_killed};
use crate::cases::premise::Disturbance;
use crate::stage::PodProfile;
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const TOKEN: &str = "/data/token";

pub(super) const SURVIVES_SANDBOX_RECREATE: Case = Case {
    id: "volume/survives-sandbox-recreate",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::KillOrRestart("wipe"), Disturbance::Outage],
    drive: |stage| Box::pin(kill_pod_sandbox(stage)),
    judge: judge_token,
};

fn judge_token(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_sandbox_killed(seen)?;
    premise_ok_report(seen, uid, "write", TOKEN)?;
    let after = seen.log_report_on((uid, MAIN, 1), "read", TOKEN)?;
    inquiry.assert_found("token-survives", &after, "content", &seen.token)
}
