//! A service of the node that is restarted under a pod.
//!
//! Shared by the cases about restarts of the kubelet and the container runtime. Their manifests have a pod called
//! `newcomer`, which is made afterwards.

use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, NodeRef, PodRef, Stage};

/// A pod that is made after the restart: that it runs shows that the service is back.
const NEWCOMER: &str = "newcomer";

/// Stops a service of the node, starts it again, and waits until the node runs a new pod and says
/// that it is ready.
pub(super) async fn restart(
    stage: &Stage,
    node: &NodeRef,
    keeper: &PodRef,
    service: &str,
) -> Result<(), Blocked> {
    stage.stop_service("stop", node, service).await?;
    stage.let_saboteur_act(node, keeper).await?;
    stage.start_service("start", node, service).await?;
    let newcomer = stage.create_beside(NEWCOMER, keeper).await?;
    stage.until_running(&newcomer).await?;
    // A kubelet that has just begun may say for a while that it is not ready, and run pods all the same.
    stage.until_ready(node).await
}

/// Requires that the service of the node is another process than before, and works.
pub(super) fn restarted(seen: &Evidence) -> Result<(), Missing> {
    let (before, after) = (seen.node_command("stop")?, seen.node_command("start")?);
    let [before, after] = [before, after].map(|command| command.stdout.trim());
    let other = ![before, after].contains(&"0") && !after.is_empty() && before != after;
    Inquiry::premise("a new process of the service", other)?;
    let newcomer = &seen.applied(NEWCOMER, 0)?.uid;
    let runs = seen.states(newcomer).any(SeenPod::is_ready);
    Inquiry::premise("a new pod on the node after it", runs)
}
