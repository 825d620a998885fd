//! A pod that its controller replaces with one of the same name.

use crate::cases::case::Case;
use crate::cases::pod_replacement::HOLDER;
use crate::cases::premise::Disturbance;
use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, WatchChange};
use podproof_core::judge::Inquiry;

/// The controller, and a pod that fixes the node of the controller's pods.
const SET: &str = "keeper";
const ANCHOR: &str = "anchor";

pub(super) const GONE_ON_CONTROLLER_REPLACEMENT: Case = Case {
    id: "volume/gone-on-controller-replacement",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_controlled_pod(stage)),
    judge: judge_replacement,
};

async fn delete_controlled_pod(stage: &Stage) -> Result<(), StageError> {
    let anchor = stage.create(ANCHOR).await?;
    let set = stage.apply_beside(SET, &anchor).await?;
    let first = stage.until_created(&set, None).await?;
    stage.until_reported(&first, HOLDER, 0, "write").await?;
    stage.delete_and_wait(&first).await?;
    let second = stage.until_created(&set, Some(&first)).await?;
    stage.until_reported(&second, HOLDER, 0, "write").await
}

fn judge_replacement(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let made = seen.created_by(&seen.applied(SET, 0)?.uid);
    let [first, second] = made[..] else { return Err(Missing::new("two pods of the controller")) };
    let (one, other) = (seen.pod(first)?, seen.pod(second)?);
    Inquiry::premise("the removal of the first pod", one.change == WatchChange::Deleted)?;
    premise_one_node(seen, first, second)?;
    let before = seen.log_report(first, HOLDER, 0, "list")?;
    Inquiry::premise("a volume that was empty at first", before.value.number("count")? == 0)?;
    let written = seen.log_report(first, HOLDER, 0, "write")?;
    Inquiry::premise("the token written by the first pod", written.value.ok())?;

    inquiry.assert_equal("same-name", &one.name(), &other.name(), format!("timeline/{SET}"));
    let found = seen.log_report(second, HOLDER, 0, "list")?;
    Inquiry::premise("the directory of the second pod", found.value.present()?)?;
    let empty = found.value.number("count")? == 0;
    let names = found.value.field("names")?.to_string();
    inquiry.assert("starts-empty", empty, "an empty directory", names, &found.pointer);
    Ok(())
}
