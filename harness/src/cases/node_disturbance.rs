//! A pod whose node is disturbed.
//!
//! Shared by the cases that act on the node. In their manifests the pod is called `keeper`, and its first container
//! `main` reports what it finds, writes its data, and holds.

use futures::future::try_join_all;

use super::container_restart::MAIN;
use crate::stage::{NodeRef, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

pub(super) const POD: &str = "keeper";

/// The label of the command that ended the sandbox.
const KILL: &str = "kill-sandbox";

/// Creates the pod, waits until `main` holds, and returns the pod and its node.
pub(super) async fn start_pod(stage: &Stage) -> Result<(PodRef, NodeRef), StageError> {
    start_pod_after(stage, "hold").await
}

/// Creates the pod, waits until `main` has reported `ready`, and returns the pod and its node.
pub(super) async fn start_pod_after(stage: &Stage, ready: &str) -> Result<(PodRef, NodeRef), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, MAIN, 0, ready).await?;
    let node = stage.node_under(&pod).await?;
    Ok((pod, node))
}

/// Ends the pod's sandbox, and waits until every container has been restarted and holds, or the pod has ended.
pub(super) async fn kill_pod_sandbox(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    stage.until_running(&pod).await?;
    stage.kill_sandbox(KILL, &node, &pod).await?;
    let restarted = |seen: &SeenPod| {
        let names = app_containers(seen).map(|status| status.name.clone()).collect();
        if seen.is_terminal() { Some(Vec::new()) } else { all_restarted_once(seen).then_some(names) }
    };
    let what = "the restart of all containers of pod keeper, or its end";
    let names: Vec<String> = stage.until_pod(what, stage.budgets().pod_running(), &pod, restarted).await?;
    try_join_all(names.iter().map(|name| stage.until_reported(&pod, name, 1, "hold"))).await?;
    Ok(())
}

/// Requires that the pod's sandbox was ended. Returns the pod's UID.
pub(super) fn premise_sandbox_killed(seen: &Evidence) -> Result<&str, Missing> {
    seen.node_command(KILL)?;
    Ok(&seen.applied(POD, 0)?.uid)
}

/// Returns whether every container runs after exactly one restart.
pub(super) fn all_restarted_once(seen: &SeenPod) -> bool {
    let mut statuses = app_containers(seen).peekable();
    statuses.peek().is_some()
        && statuses.all(|status| {
            let running = status.state.as_ref().is_some_and(|state| state.running.is_some());
            status.restart_count == 1 && running
        })
}

fn app_containers(seen: &SeenPod) -> impl Iterator<Item = &k8s_openapi::api::core::v1::ContainerStatus> {
    let status = seen.pod.status.as_ref();
    status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default().iter()
}

/// Requires that the first instance of `main` ran `verb` on `path`, and that it succeeded.
pub(super) fn premise_ok_report(seen: &Evidence, uid: &str, verb: &str, path: &str) -> Result<(), Missing> {
    let report = seen.log_report_on((uid, MAIN, 0), verb, path)?;
    Inquiry::premise(&format!("a `{verb}` of {path} that succeeded"), report.value.ok())
}
