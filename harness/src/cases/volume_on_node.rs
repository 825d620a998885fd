//! Looking for a volume's directory on its node.
//!
//! Shared by the cases that check a volume from outside the pod. Their volume on the disk is called `data`.

use crate::stage::{NodeRef, PodRef, Stage, StageError, volume_path};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

pub(super) const DATA: &str = "data";

/// The label of the look at the volume while the pod runs.
const BEFORE: &str = "volume-before";
/// The label of the wait for the volume to be gone.
const WAITED: &str = "volume-waited-for";
/// The label of the last look.
const AFTER: &str = "volume-after";

/// Looks at the volume of a running pod.
pub(super) async fn look_before(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), StageError> {
    stage.look_on_node(BEFORE, node, &volume_path(&pod.uid, DATA)).await
}

/// Waits until the volume is gone or the budget is spent, and looks once more.
pub(super) async fn look_when_gone(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), StageError> {
    stage.until_gone_on_node(WAITED, node, &volume_path(&pod.uid, DATA)).await?;
    look_after(stage, node, pod).await
}

/// Looks at the volume at the end of the drive.
pub(super) async fn look_after(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), StageError> {
    stage.let_saboteur_act(node, pod).await?;
    stage.look_on_node(AFTER, node, &volume_path(&pod.uid, DATA)).await
}

/// Requires that the volume was found on the node before. Some kubelets keep volumes in another directory.
pub(super) fn premise_volume_existed(seen: &Evidence) -> Result<(), Missing> {
    let before = seen.on_node(BEFORE)?;
    Inquiry::premise("the volume in the kubelet's directory before", before.value.is_some())
}

/// Asserts that the volume is gone. Requires that it was seen before: otherwise its absence proves nothing.
pub(super) fn assert_volume_gone(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
) -> Result<(), Missing> {
    premise_volume_existed(seen)?;
    let after = seen.on_node(AFTER)?;
    let actual = after.value.unwrap_or_default();
    inquiry.assert(assertion, after.value.is_none(), "nothing there", actual, after.pointer);
    Ok(())
}
