//! A pod that is deleted and replaced by one of the same name on the same node.
//!
//! Shared by the cases about replacement. The pod and its only container are called `holder`: it tells what it
//! finds, leaves what it is to leave, and holds.

use crate::evidence::{Change, Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Stage};

pub(super) const HOLDER: &str = "holder";

/// Creates the holder, deletes it once it has reported `ready`, creates it again, and gives the second when it has too.
pub(super) async fn replace(stage: &Stage, ready: &str) -> Result<PodRef, Blocked> {
    let first = stage.create(HOLDER).await?;
    stage.until_reported(&first, HOLDER, 0, ready).await?;
    stage.delete_and_wait(&first).await?;
    let second = stage.create_beside(HOLDER, &first).await?;
    stage.until_reported(&second, HOLDER, 0, ready).await?;
    Ok(second)
}

/// Requires that the second holder came after the first was gone, on the same node; gives both UIDs.
pub(super) fn namesakes(seen: &Evidence) -> Result<(&str, &str), Missing> {
    let (first, second) = (seen.applied(HOLDER, 0)?, seen.applied(HOLDER, 1)?);
    Inquiry::premise("a second pod with a UID of its own", first.uid != second.uid)?;
    let last = seen.last(&first.uid)?;
    let gone = last.change == Change::Deleted && last.at <= second.at;
    Inquiry::premise("the first pod gone before the second was made", gone)?;
    let node = last.node();
    Inquiry::premise("both pods on one node", node.is_some() && node == seen.last(&second.uid)?.node())?;
    Ok((&first.uid, &second.uid))
}
