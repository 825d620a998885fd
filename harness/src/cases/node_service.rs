//! A service of the node that is restarted while a pod runs.
//!
//! Shared by the cases about restarts of the kubelet and the container runtime. Their manifests have a second pod,
//! called `newcomer`, which is created after the restart.

use crate::stage::{NodeRef, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

/// The pod created after the restart. When it runs, the service works again.
const LATER_POD: &str = "newcomer";

/// Stops a service of the node, starts it again, and waits until the node runs a new pod and is `Ready`.
pub(super) async fn restart_service(
    stage: &Stage,
    node: &NodeRef,
    pod: &PodRef,
    service: &str,
) -> Result<(), StageError> {
    stage.stop_service("stop", node, service).await?;
    stage.let_saboteur_act(node, pod).await?;
    stage.start_service("start", node, service).await?;
    let later_pod = stage.create_beside(LATER_POD, pod).await?;
    stage.until_running(&later_pod).await?;
    // A kubelet that has just started may report its node as not ready for a while, although it already runs pods.
    stage.until_ready(node).await
}

/// Requires that the node's service has a new process, and that the node ran a new pod afterwards.
pub(super) fn premise_service_restarted(seen: &Evidence) -> Result<(), Missing> {
    let (before, after) = (seen.node_command("stop")?, seen.node_command("start")?);
    let [before, after] = [before, after].map(|command| command.stdout.trim());
    let is_new = ![before, after].contains(&"0") && !after.is_empty() && before != after;
    Inquiry::premise("a new process of the service", is_new)?;
    let later_pod = &seen.applied(LATER_POD, 0)?.uid;
    let runs = seen.states(later_pod).any(SeenPod::all_containers_ready);
    Inquiry::premise("a new pod on the node after the restart of the service", runs)
}
