//! The lifetimes of a pod's volume and of the pod's API object.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::node_disturbance::{POD, premise_ok_report, start_pod};
use crate::cases::premise::Disturbance;
use crate::cases::volume_on_node::{
    DATA, assert_volume_gone, look_after, look_before, look_when_gone, premise_volume_existed,
};
use crate::stage::{PodProfile, Stage, StageError, volume_path};
use podproof_core::evidence::{Evidence, Missing, WatchChange};
use podproof_core::judge::Inquiry;

/// The label of the look at the volume of the second pod.
const SECOND_VOLUME: &str = "volume-of-the-new";

pub(super) const API_GONE_IMPLIES_VOLUME_GONE: Case = Case {
    id: "lifecycle/api-gone-implies-volume-gone",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_full_volume(stage)),
    judge: judge_order,
};

pub(super) const ASSOCIATED_UID: Case = Case {
    id: "lifecycle/associated-uid",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(recreate_pod(stage)),
    judge: judge_both,
};

async fn delete_full_volume(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    look_before(stage, &node, &pod).await?;
    stage.delete_and_wait(&pod).await?;
    look_after(stage, &node, &pod).await
}

fn judge_order(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let filled = seen.log_report(uid, MAIN, 0, "fill")?;
    Inquiry::premise("a volume with a large file", filled.value.truth("complete")?)?;
    Inquiry::premise("the pod gone from the API", seen.pod(uid)?.change == WatchChange::Deleted)?;
    assert_volume_gone(seen, inquiry, "volume-went-first")
}

async fn recreate_pod(stage: &Stage) -> Result<(), StageError> {
    let (first, node) = start_pod(stage).await?;
    look_before(stage, &node, &first).await?;
    stage.delete_and_wait(&first).await?;
    let second = stage.create_beside(POD, &first).await?;
    stage.until_reported(&second, MAIN, 0, "hold").await?;
    stage.look_on_node(SECOND_VOLUME, &node, &volume_path(&second.uid, DATA)).await?;
    look_when_gone(stage, &node, &first).await
}

fn judge_both(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = (&seen.applied(POD, 0)?.uid, &seen.applied(POD, 1)?.uid);
    Inquiry::premise("a second pod with a UID of its own", first != second)?;
    premise_ok_report(seen, first, "write", "/data/token")?;
    premise_ok_report(seen, second, "write", "/data/token")?;
    premise_volume_existed(seen)?;
    let new = seen.on_node(SECOND_VOLUME)?;
    let actual = new.value.unwrap_or("nothing there");
    inquiry.assert("new-uid-has-its-own", new.value.is_some(), "a directory of its UID", actual, new.pointer);
    assert_volume_gone(seen, inquiry, "old-uid-has-none")
}
