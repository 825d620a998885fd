//! A pod that keeps something while its node is disturbed.
//!
//! Shared by the cases that act on the node. Their pod is called `keeper`, and its first container `main`: it tells
//! what it finds, leaves what it is to leave, and holds.

use futures::future::try_join_all;

use super::comeback::MAIN;
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, NodeRef, PodRef, Stage};

pub(super) const KEEPER: &str = "keeper";

/// The command that ended the sandbox.
const KILL: &str = "kill-sandbox";

/// Creates the keeper, waits until `main` holds, and opens the door to its node.
pub(super) async fn settle(stage: &Stage) -> Result<(PodRef, NodeRef), Blocked> {
    settle_after(stage, "hold").await
}

/// The same for a `main` that does not hold: waits until it has reported `ready`.
pub(super) async fn settle_after(stage: &Stage, ready: &str) -> Result<(PodRef, NodeRef), Blocked> {
    let keeper = stage.create(KEEPER).await?;
    stage.until_reported(&keeper, MAIN, 0, ready).await?;
    let node = stage.node_under(&keeper).await?;
    Ok((keeper, node))
}

/// Ends the keeper's sandbox, and waits until every container has come back and holds, or the pod is over.
pub(super) async fn lose_sandbox(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    stage.until_running(&keeper).await?;
    stage.kill_sandbox(KILL, &node, &keeper).await?;
    let back = |seen: &SeenPod| {
        let names = ordinary(seen).map(|status| status.name.clone()).collect();
        if seen.is_terminal() { Some(Vec::new()) } else { all_back(seen).then_some(names) }
    };
    let what = "the keeper's return or its end";
    let names: Vec<String> = stage.until_pod(what, stage.budgets().pod_running(), &keeper, back).await?;
    try_join_all(names.iter().map(|name| stage.until_reported(&keeper, name, 1, "hold"))).await?;
    Ok(())
}

/// Requires that the keeper's sandbox was ended; gives the pod's UID.
pub(super) fn lost(seen: &Evidence) -> Result<&str, Missing> {
    seen.node_command(KILL)?;
    Ok(&seen.applied(KEEPER, 0)?.uid)
}

/// Whether every container runs again after its first restart.
pub(super) fn all_back(seen: &SeenPod) -> bool {
    let mut statuses = ordinary(seen).peekable();
    statuses.peek().is_some()
        && statuses.all(|status| {
            let running = status.state.as_ref().is_some_and(|state| state.running.is_some());
            status.restart_count == 1 && running
        })
}

fn ordinary(seen: &SeenPod) -> impl Iterator<Item = &k8s_openapi::api::core::v1::ContainerStatus> {
    let status = seen.pod.status.as_ref();
    status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default().iter()
}

/// Requires that `verb` of the first instance of `main` at `path` did what it was to do.
pub(super) fn kept(seen: &Evidence, uid: &str, verb: &str, path: &str) -> Result<(), Missing> {
    let kept = seen.log_report_on((uid, MAIN, 0), verb, path)?;
    Inquiry::premise(&format!("a `{verb}` of {path} that worked"), kept.value.ok())
}
