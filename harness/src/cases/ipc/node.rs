//! The IPC namespace of the node, beside that of a pod.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{KEEPER, settle};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The command that asks the node's first process for its namespace.
const NODES_OWN: &str = "ipc-of-node";

pub(super) const NOT_THE_NODES: Case = Case {
    id: "ipc/not-the-nodes",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_both(stage)),
    judge: judge_links,
};

async fn ask_both(stage: &Stage) -> Result<(), Blocked> {
    let (_, node) = settle(stage).await?;
    let read = "cat /proc/sys/kernel/random/boot_id && readlink /proc/1/ns/ipc";
    stage.on_node(NODES_OWN, &node, (read, &[])).await.map(drop)
}

fn judge_links(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let told = seen.log_report(&seen.applied(KEEPER, 0)?.uid, MAIN, 0, "identity")?;
    let mut lines = seen.node_command(NODES_OWN)?.stdout.lines();
    let (Some(boot), Some(nodes)) = (lines.next(), lines.next()) else {
        return Err(Missing::new("the IPC namespace of the node"));
    };
    // Where each pod has a kernel of its own, equal numbers mean nothing.
    Inquiry::premise("the pod under the node's kernel", told.value.text("boot_id")? == boot)?;
    let pods = told.value.namespace("ipc")?;
    say.assert_differ("another-than-the-nodes", "IPC namespaces", &nodes, &pods, &told.pointer);
    Ok(())
}
