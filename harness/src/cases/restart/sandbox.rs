//! A pod whose sandbox is ended.

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, SIBLING};
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::never_happens::restarts;
use crate::cases::node_disturbance::{POD, all_restarted_once, kill_pod_sandbox, premise_sandbox_killed};
use crate::cases::premise::Disturbance;
use crate::stage::PodProfile;
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The init container.
const FIRST: &str = "first";

/// The file to which each run of the init container adds a letter.
const INITS: &str = "/data/inits";

pub(super) const SANDBOX_RECREATE: Case = Case {
    id: "restart/sandbox-recreate",
    pod_profile: PodProfile::Restricted,
    allows: &[
        Disturbance::KillOrRestart(FIRST),
        Disturbance::KillOrRestart(MAIN),
        Disturbance::KillOrRestart(SIBLING),
        Disturbance::Outage,
    ],
    drive: |stage| Box::pin(kill_pod_sandbox(stage)),
    judge: judge_restart,
};

pub(super) const SANDBOX_LOSS_NEVER: Case = Case {
    id: "restart/sandbox-loss-never",
    pod_profile: PodProfile::Restricted,
    allows: &[
        Disturbance::KillOrRestart(FIRST),
        Disturbance::KillOrRestart(MAIN),
        Disturbance::KillOrRestart(SIBLING),
        Disturbance::Outage,
    ],
    drive: |stage| Box::pin(kill_pod_sandbox(stage)),
    judge: judge_end,
};

fn judge_restart(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_sandbox_killed(seen)?;
    premise_not_ended_by_node(seen, uid)?;
    let all_restarted = seen.states(uid).any(all_restarted_once);
    let last = seen.pod(uid)?;
    Inquiry::premise(
        "a restart of every container, or the end of the pod",
        all_restarted || last.is_terminal(),
    )?;
    let actual = format!("{} with {} restarts", last.phase(), restarts(last));
    inquiry.assert(
        "all-restart",
        all_restarted,
        "one restart of each container",
        actual,
        format!("timeline/{POD}"),
    );
    if all_restarted {
        let before = seen.log_report_on((uid, MAIN, 0), "read", INITS)?;
        Inquiry::premise("one run of the init container at first", before.value.text("content") == Ok("x"))?;
        let after = seen.log_report_on((uid, MAIN, 1), "read", INITS)?;
        inquiry.assert_found("init-runs-again", &after, "content", "xx")?;
    }
    Ok(())
}

fn judge_end(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_sandbox_killed(seen)?;
    premise_not_ended_by_node(seen, uid)?;
    let last = seen.pod(uid)?;
    let actual = format!("{} with {} restarts", last.phase(), restarts(last));
    let has_ended = last.is_terminal();
    Inquiry::premise(
        "the end of the pod, or a restart of every container",
        has_ended || seen.states(uid).any(all_restarted_once),
    )?;
    let failed = last.phase() == "Failed" && restarts(last) == 0;
    inquiry.assert("pod-fails", failed, "Failed with 0 restarts", actual, format!("timeline/{POD}"));
    Ok(())
}
