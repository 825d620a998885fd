//! Where a volume is on its node, and whether it still is.
//!
//! Shared by the cases that look for a volume from outside. Their volume on the disk is called `data`.

use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Blocked, NodeRef, PodRef, Stage, volume_path};

pub(super) const DATA: &str = "data";

/// The look at the volume while the pod runs.
const BEFORE: &str = "volume-before";
/// The look at the end of waiting for the volume to be gone.
const WAITED: &str = "volume-waited-for";
/// The last look.
const AFTER: &str = "volume-after";

/// Looks at the volume of a running pod.
pub(super) async fn look_before(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), Blocked> {
    stage.look_on_node(BEFORE, node, &volume_path(&pod.uid, DATA)).await
}

/// Waits until the volume is gone, for as long as it may take, and looks once more.
pub(super) async fn look_when_gone(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), Blocked> {
    stage.until_gone_on_node(WAITED, node, &volume_path(&pod.uid, DATA)).await?;
    look_after(stage, node, pod).await
}

/// Looks at the volume after all has happened.
pub(super) async fn look_after(stage: &Stage, node: &NodeRef, pod: &PodRef) -> Result<(), Blocked> {
    stage.let_saboteur_act(node, pod).await?;
    stage.look_on_node(AFTER, node, &volume_path(&pod.uid, DATA)).await
}

/// Requires that the volume was where kubelets keep volumes: some keep them elsewhere.
pub(super) fn premise_there_before(seen: &Evidence) -> Result<(), Missing> {
    let before = seen.on_node(BEFORE)?;
    Inquiry::premise("the volume where kubelets keep it, before", before.value.is_some())
}

/// Asserts that the volume is gone. Only where it was seen before does its absence say something.
pub(super) fn assert_gone(seen: &Evidence, say: &mut Inquiry, assertion: &str) -> Result<(), Missing> {
    premise_there_before(seen)?;
    let after = seen.on_node(AFTER)?;
    let told = after.value.unwrap_or_default();
    say.assert(assertion, after.value.is_none(), "nothing there", told, after.pointer);
    Ok(())
}
