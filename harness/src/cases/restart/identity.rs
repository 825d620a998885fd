//! What changes in a pod when one of its containers is restarted, and what does not.

use crate::cases::case::Case;
use crate::cases::comeback::{
    End, MAIN, SIBLING, ask_sibling, assert_sibling_goes_on, came_back, end_once, started,
};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, SeenPod, ended_before};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The exit code of the first instance.
const CODE: i32 = 3;

/// The namespaces that belong to the pod and not to a container.
const PODS_OWN: [&str; 3] = ["ipc", "net", "uts"];

pub(super) const IDENTITY: Case = Case {
    id: "restart/identity",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN), Expected::Restart(SIBLING)],
    drive: |stage| Box::pin(restart_one(stage)),
    judge: judge_identity,
};

async fn restart_one(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, "identity", End::Told).await?;
    ask_sibling(stage, &pair).await?;
    // A kubelet may tell of the restart first, and of what was before it with a later status.
    let has_last_state = |seen: &SeenPod| seen.container(MAIN).and_then(ended_before).map(drop);
    stage.until_pod("the last state of main", stage.budgets().pod_done(), &pair, has_last_state).await?;
    Ok(())
}

fn judge_identity(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, CODE)?;
    judge_container(seen, say, uid)?;
    judge_pod(seen, say, uid)?;
    assert_sibling_goes_on(seen, say, "sibling-goes-on", uid)
}

fn judge_container(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let first = started(seen.instance(uid, MAIN, 0)?)?;
    let second = started(seen.instance(uid, MAIN, 1)?)?;
    say.assert_differ("new-container", "container IDs", &first.value.id, &second.value.id, &second.pointer);
    let now = seen.container(uid, MAIN)?;
    say.assert_equal("restart-is-counted", &1, &now.value.restarts, &now.pointer);
    let before = now.value.before.ok_or_else(|| Missing::new("the last state of the second instance"))?;
    say.assert_equal("last-state-is-kept", &CODE, &before.exit_code, &second.pointer);
    let id_before = before.container_id.unwrap_or_default();
    say.assert_equal("last-state-is-kept", &first.value.id, &id_before, &second.pointer);
    Ok(())
}

fn judge_pod(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let ips: Vec<_> = seen
        .states(uid)
        .filter_map(|seen| seen.pod.status.as_ref()?.pod_ip.as_deref())
        .filter(|ip| !ip.is_empty())
        .collect();
    let (Some(first), Some(last)) = (ips.first(), ips.last()) else {
        return Err(Missing::new("the pod's IP"));
    };
    say.assert_equal("same-ip", first, last, format!("timeline/{MAIN}"));

    let first = seen.log_report(uid, MAIN, 0, "identity")?;
    let second = seen.log_report(uid, MAIN, 1, "identity")?;
    for name in PODS_OWN {
        let (before, after) = (first.value.namespace(name)?, second.value.namespace(name)?);
        say.assert_equal("same-namespaces", &before, &after, &second.pointer);
    }
    Ok(())
}
