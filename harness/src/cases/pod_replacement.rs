//! A pod that is deleted and replaced by one of the same name on the same node.
//!
//! Shared by the cases about replacement. The pod and its only container are called `holder`. The container reports
//! what it finds, writes its data, and holds.

use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, WatchChange};
use podproof_core::judge::Inquiry;

pub(super) const HOLDER: &str = "holder";

/// Creates the pod, deletes it when it has reported `ready`, and creates it again on the same node. Returns the second
/// pod when it has reported `ready` too.
pub(super) async fn replace(stage: &Stage, ready: &str) -> Result<PodRef, StageError> {
    let first = stage.create(HOLDER).await?;
    stage.until_reported(&first, HOLDER, 0, ready).await?;
    stage.delete_and_wait(&first).await?;
    let second = stage.create_beside(HOLDER, &first).await?;
    stage.until_reported(&second, HOLDER, 0, ready).await?;
    Ok(second)
}

/// Requires that the second pod was created on the same node after the first was gone. Returns both UIDs.
pub(super) fn premise_replaced(seen: &Evidence) -> Result<(&str, &str), Missing> {
    let (first, second) = (seen.applied(HOLDER, 0)?, seen.applied(HOLDER, 1)?);
    Inquiry::premise("a second pod with a UID of its own", first.uid != second.uid)?;
    let last = seen.pod(&first.uid)?;
    let gone = last.change == WatchChange::Deleted && last.at <= second.at;
    Inquiry::premise("the first pod gone before the second was created", gone)?;
    premise_one_node(seen, &first.uid, &second.uid)?;
    Ok((&first.uid, &second.uid))
}
