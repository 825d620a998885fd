//! What changes in a pod when one of its containers is restarted, and what stays the same.

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, SIBLING, assert_sibling_unaffected, premise_restarted_after_exit, premise_started,
    probe_sibling, restart_main_once,
};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod, ended_before};
use podproof_core::judge::Inquiry;

/// The exit code of the first instance.
const CODE: i32 = 3;

/// The namespaces that all containers of a pod share.
const POD_NAMESPACES: [&str; 3] = ["ipc", "net", "uts"];

pub(super) const IDENTITY: Case = Case {
    id: "restart/identity",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN), Disturbance::ExitOrKubeletKill(SIBLING)],
    drive: |stage| Box::pin(restart_one(stage)),
    judge: judge_identity,
};

async fn restart_one(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, "identity", End::ExitOnFile).await?;
    probe_sibling(stage, &pair).await?;
    // The kubelet may report the restart first, and the last state in a later status.
    let has_last_state = |seen: &SeenPod| seen.container(MAIN).and_then(ended_before).map(drop);
    stage.until_pod("the last state of main", stage.budgets().pod_done(), &pair, has_last_state).await?;
    Ok(())
}

fn judge_identity(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, CODE)?;
    judge_container(seen, inquiry, uid)?;
    judge_pod(seen, inquiry, uid)?;
    assert_sibling_unaffected(seen, inquiry, "sibling-goes-on", uid)
}

fn judge_container(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let first = premise_started(seen.instance(uid, MAIN, 0)?)?;
    let second = premise_started(seen.instance(uid, MAIN, 1)?)?;
    inquiry.assert_differ(
        "new-container",
        "container IDs",
        &first.value.id,
        &second.value.id,
        &second.pointer,
    );
    let current = seen.container(uid, MAIN)?;
    inquiry.assert_equal("restart-is-counted", &1, &current.value.restarts, &current.pointer);
    let before = current.value.before.ok_or_else(|| Missing::new("the last state of the second instance"))?;
    inquiry.assert_equal("last-state-is-kept", &CODE, &before.exit_code, &second.pointer);
    let id_before = before.container_id.unwrap_or_default();
    inquiry.assert_equal("last-state-is-kept", &first.value.id, &id_before, &second.pointer);
    Ok(())
}

fn judge_pod(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let ips: Vec<_> = seen
        .states(uid)
        .filter_map(|seen| seen.pod.status.as_ref()?.pod_ip.as_deref())
        .filter(|ip| !ip.is_empty())
        .collect();
    let (Some(first), Some(last)) = (ips.first(), ips.last()) else {
        return Err(Missing::new("the pod's IP"));
    };
    inquiry.assert_equal("same-ip", first, last, format!("timeline/{MAIN}"));

    let first = seen.log_report(uid, MAIN, 0, "identity")?;
    let second = seen.log_report(uid, MAIN, 1, "identity")?;
    for name in POD_NAMESPACES {
        let (before, after) = (first.value.namespace(name)?, second.value.namespace(name)?);
        inquiry.assert_equal("same-namespaces", &before, &after, &second.pointer);
    }
    Ok(())
}
