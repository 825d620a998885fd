//! The size of volumes in memory.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

const SIZED: &str = "sized";
const UNSIZED: &str = "unsized";
const LOOKER: &str = "looker";

const MIB: u64 = 1 << 20;

/// The pod that fills its volume, and the volume's size limit in bytes.
const POD: &str = "filler";
const LIMIT: u64 = 16 * MIB;

/// The file system's own overhead, in bytes, by which the usable size may be less than the limit.
const OVERHEAD: u64 = MIB;

/// The pod that exceeds the size limit of its volume on the disk, and must be evicted.
const CONTROL: &str = "control";

/// The `status.reason` of an evicted pod, and a part of its message if a volume was too large.
const EVICTED: &str = "Evicted";
const VOLUME_MESSAGE: &str = "EmptyDir volume";

/// The mark set when the pod with the full volume has been watched for the whole quiet window.
const WATCHED: &str = "watched";

pub(super) const MEMORY_SIZE_RULE: Case = Case {
    id: "volume/memory-size-rule",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_at_sizes(stage)),
    judge: judge_sizes,
};

pub(super) const MEMORY_ENOSPC: Case = Case {
    id: "volume/memory-enospc",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Reason("Evicted")],
    drive: |stage| Box::pin(fill_and_stay(stage)),
    judge: judge_full,
};

async fn look_at_sizes(stage: &Stage) -> Result<(), StageError> {
    let (one, other) = try_join!(stage.create(SIZED), stage.create(UNSIZED))?;
    try_join!(
        stage.until_reported(&one, LOOKER, 0, "hold"),
        stage.until_reported(&other, LOOKER, 0, "hold")
    )?;
    Ok(())
}

fn judge_sizes(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for (pod, size, assertion) in
        [(SIZED, 32 * MIB, "no-more-than-its-limit"), (UNSIZED, 128 * MIB, "no-more-than-the-pods")]
    {
        let uid = &seen.applied(pod, 0)?.uid;
        let mount = seen.log_report(uid, LOOKER, 0, "mount")?;
        Inquiry::premise("a volume in memory", mount.value.text("fstype")? == "tmpfs")?;
        inquiry.assert_equal(assertion, &size, &mount.value.number("total_bytes")?, mount.pointer);
    }
    Ok(())
}

async fn fill_and_stay(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, POD, 0, "hold").await?;
    stage.probe("fill", &pod, POD, &["fill", "--path", "/memory/file", "--bytes", "33554432"]).await?;
    // When the kubelet has evicted this later pod, it also had the time to evict the first one.
    let control = stage.create_beside(CONTROL, &pod).await?;
    let has_ended = |seen: &Observations, pod: &PodRef| seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
    let either = |seen: &Observations| met_if(has_ended(seen, &pod) || has_ended(seen, &control));
    stage.until("the eviction of the control", stage.budgets().eviction(), either).await?;
    stage
        .observe_for("an eviction", stage.budgets().quiet_window(), |seen| met_if(has_ended(seen, &pod)))
        .await?;
    stage.mark(WATCHED);
    Ok(())
}

fn met_if(is_met: bool) -> Progress<()> {
    if is_met { Progress::Met(()) } else { Progress::NotYet }
}

/// Returns whether the pod was evicted because one of its `emptyDir` volumes was too large.
fn evicted_for_its_volume(pod: &SeenPod) -> bool {
    pod.phase() == "Failed" && pod.reason() == Some(EVICTED) && pod.message().contains(VOLUME_MESSAGE)
}

fn judge_full(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let report = seen.exec_report("fill", "fill")?;
    let refused = report.value.text("errno") == Ok("ENOSPC");
    let complete = report.value.truth("complete")?;
    Inquiry::premise("a complete file, or ENOSPC", complete || refused)?;
    inquiry.assert("is-full", refused, "ENOSPC", report.value.to_string(), &report.pointer);
    if refused {
        let written = report.value.number("bytes_written")?;
        let near = (LIMIT - OVERHEAD..=LIMIT).contains(&written);
        inquiry.assert("full-at-the-limit", near, LIMIT.to_string(), written.to_string(), &report.pointer);
    }
    let last = seen.pod(uid)?;
    if last.is_terminal() {
        // The claim says nothing about a node shutdown, or an eviction under memory pressure of the node.
        let what = format!(
            "a pod that ends only by eviction for its volume ({}: {})",
            last.reason().unwrap_or_default(),
            last.message()
        );
        Inquiry::premise(&what, evicted_for_its_volume(last))?;
    } else {
        // If the pod was not evicted, it must have been watched for long enough.
        seen.mark(WATCHED)?;
        let control = seen.pod(&seen.applied(CONTROL, 0)?.uid)?;
        Inquiry::premise("the eviction of the control pod for its volume", evicted_for_its_volume(control))?;
    }
    inquiry.assert(
        "pod-stays",
        !last.is_terminal(),
        "a pod that keeps running",
        last.phase(),
        format!("timeline/{POD}"),
    );
    Ok(())
}
