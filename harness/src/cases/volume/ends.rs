//! The volume's directory on the node after the pod has ended in different ways.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::never_happens::{premise_watched, watch_window};
use crate::cases::node_disturbance::{POD, premise_ok_report, start_pod, start_pod_after};
use crate::cases::premise::Disturbance;
use crate::cases::volume_on_node::{assert_volume_gone, look_before, look_when_gone};
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod, WatchChange};
use podproof_core::judge::Inquiry;

const TOKEN: &str = "/data/token";

/// The size limit of the volume, in bytes.
const LIMIT: u64 = 16 << 20;

/// The `status.reason` of an evicted pod.
const EVICTED: &str = "Evicted";

pub(super) const GONE_FROM_NODE_DISK: Case = Case {
    id: "volume/gone-from-node-disk",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete(stage)),
    judge: judge_deleted,
};

pub(super) const GONE_WHEN_TERMINAL: Case = Case {
    id: "volume/gone-when-terminal",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(complete(stage)),
    judge: judge_terminal,
};

pub(super) const GONE_ON_EVICTION: Case = Case {
    id: "volume/gone-on-eviction",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Reason("Evicted")],
    drive: |stage| Box::pin(evict_and_look(stage)),
    judge: judge_evicted_volume,
};

pub(super) const DISK_SIZELIMIT_EVICTS: Case = Case {
    id: "volume/disk-sizelimit-evicts",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Reason("Evicted")],
    drive: |stage| Box::pin(evict(stage)),
    judge: judge_eviction,
};

async fn delete(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    look_before(stage, &node, &pod).await?;
    stage.delete_and_wait(&pod).await?;
    look_when_gone(stage, &node, &pod).await
}

fn judge_deleted(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_ok_report(seen, uid, "write", TOKEN)?;
    Inquiry::premise("the pod gone from the API", seen.pod(uid)?.change == WatchChange::Deleted)?;
    assert_volume_gone(seen, inquiry, "volume-is-gone")
}

async fn complete(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod_after(stage, "write").await?;
    look_before(stage, &node, &pod).await?;
    stage.probe("end", &pod, MAIN, &["write", "--path", "/data/go", "--text", "now"]).await?;
    stage.until_terminal(&pod).await?;
    look_when_gone(stage, &node, &pod).await
}

fn judge_terminal(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_ok_report(seen, uid, "write", TOKEN)?;
    let last = seen.pod(uid)?;
    Inquiry::premise("the phase Succeeded", last.phase() == "Succeeded")?;
    Inquiry::premise("the pod still in the API", last.change == WatchChange::Applied)?;
    assert_volume_gone(seen, inquiry, "volume-is-gone")
}

async fn evict_and_look(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod_after(stage, "write").await?;
    look_before(stage, &node, &pod).await?;
    stage.probe("ready", &pod, MAIN, &["write", "--path", "/data/go", "--text", "now"]).await?;
    watch_for_eviction(stage, &pod).await?;
    look_when_gone(stage, &node, &pod).await
}

fn judge_evicted_volume(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_ok_report(seen, uid, "write", TOKEN)?;
    if assert_evicted(seen, inquiry, uid)? {
        assert_volume_gone(seen, inquiry, "volume-is-gone")?;
    }
    Ok(())
}

async fn evict(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, MAIN, 0, "fill").await?;
    watch_for_eviction(stage, &pod).await
}

fn judge_eviction(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    if assert_evicted(seen, inquiry, uid)? {
        let last = seen.pod(uid)?;
        let message = last.message();
        let names = message.contains("EmptyDir") && message.contains("data");
        let expected = "a message about the EmptyDir volume data";
        inquiry.assert("message-names-the-volume", names, expected, message, format!("timeline/{POD}"));
    }
    Ok(())
}

/// Watches until the pod has ended, for as long as an eviction may take.
async fn watch_for_eviction(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    let has_ended = |seen: &Observations| seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
    watch_window(stage, "the pod's eviction", stage.budgets().eviction(), has_ended).await
}

/// Asserts that the pod was evicted, and returns whether it was.
fn assert_evicted(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<bool, Missing> {
    let last = seen.pod(uid)?;
    let reason = last.reason();
    let evicted = last.phase() == "Failed" && reason == Some(EVICTED);
    if !evicted {
        premise_watched(seen)?;
        let bytes = seen.log_report(uid, MAIN, 0, "fill")?.value.number("bytes_written")?;
        Inquiry::premise("more data in the volume than its size limit", bytes > LIMIT)?;
    }
    let actual = format!("{} {}", last.phase(), reason.unwrap_or_default());
    inquiry.assert("is-evicted", evicted, "Failed Evicted", actual, format!("timeline/{POD}"));
    Ok(evicted)
}
