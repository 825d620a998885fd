//! The IPC namespace of the node, compared with that of a pod.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::node_disturbance::{POD, start_pod};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The label of the command that reads the IPC namespace of the node's process 1.
const NODE_NAMESPACE: &str = "ipc-of-node";

pub(super) const NOT_THE_NODES: Case = Case {
    id: "ipc/not-the-nodes",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_both(stage)),
    judge: judge_links,
};

async fn read_both(stage: &Stage) -> Result<(), StageError> {
    let (_, node) = start_pod(stage).await?;
    let read = "cat /proc/sys/kernel/random/boot_id && readlink /proc/1/ns/ipc";
    stage.on_node(NODE_NAMESPACE, &node, (read, &[])).await.map(drop)
}

fn judge_links(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let report = seen.log_report(&seen.applied(POD, 0)?.uid, MAIN, 0, "identity")?;
    let mut lines = seen.node_command(NODE_NAMESPACE)?.stdout.lines();
    let (Some(boot), Some(of_node)) = (lines.next(), lines.next()) else {
        return Err(Missing::new("the IPC namespace of the node"));
    };
    // If the pod has a kernel of its own, equal numbers mean nothing.
    Inquiry::premise("the pod on the node's kernel", report.value.text("boot_id")? == boot)?;
    let of_pod = report.value.namespace("ipc")?;
    inquiry.assert_differ("another-than-the-nodes", "IPC namespaces", &of_node, &of_pod, &report.pointer);
    Ok(())
}
