//! Two pods on one node.
//!
//! The pods of cases about what pods do not share are called `here` and `there`, and so is the only container of each.

use futures::try_join;

use crate::stage::{PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

pub(super) const HERE: &str = "here";
pub(super) const THERE: &str = "there";

/// Creates both pods on one node, and waits until both hold.
pub(super) async fn start_both_pods(stage: &Stage) -> Result<(PodRef, PodRef), StageError> {
    let here = stage.create(HERE).await?;
    let there = stage.create_beside(THERE, &here).await?;
    try_join!(stage.until_reported(&here, HERE, 0, "hold"), stage.until_reported(&there, THERE, 0, "hold"))?;
    Ok((here, there))
}

/// Requires that both pods were on one node. Returns their UIDs.
pub(super) fn premise_same_node(seen: &Evidence) -> Result<(&str, &str), Missing> {
    let (here, there) = (&seen.applied(HERE, 0)?.uid, &seen.applied(THERE, 0)?.uid);
    premise_one_node(seen, here, there)?;
    Ok((here, there))
}

/// Requires that the pods with these UIDs were on one node.
pub(super) fn premise_one_node(seen: &Evidence, one: &str, other: &str) -> Result<(), Missing> {
    let node = seen.pod(one)?.node();
    Inquiry::premise("both pods on one node", node.is_some() && node == seen.pod(other)?.node())
}

/// Requires that two `identity` reports come from one kernel. If each pod has a kernel of its own (a sandboxed
/// runtime), inode and namespace numbers cannot be compared.
pub(super) fn premise_same_kernel(one: &Fact<ProbeReport>, other: &Fact<ProbeReport>) -> Result<(), Missing> {
    let same = one.value.text("boot_id")? == other.value.text("boot_id")?;
    Inquiry::premise("both pods under one kernel", same)
}
