//! How much fits into a volume in memory.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Progress, Stage};

const SIZED: &str = "sized";
const UNSIZED: &str = "unsized";
const LOOKER: &str = "looker";

const MIB: u64 = 1 << 20;

/// The pod that fills its volume, and its limit.
const POD: &str = "filler";
const LIMIT: u64 = 16 * MIB;

/// How much less than the limit a volume may take: the file system's own.
const OVERHEAD: u64 = MIB;

/// The pod that takes more of the disk than it may, and must be evicted.
const CONTROL: &str = "control";

/// The reason of a pod that was ended for what it takes of the node, and what its message names then.
const EVICTED: &str = "Evicted";
const OF_A_VOLUME: &str = "EmptyDir volume";

/// The moment at which the pod with the full volume has been watched for the whole window.
const WATCHED: &str = "watched";

pub(super) const MEMORY_SIZE_RULE: Case = Case {
    id: "volume/memory-size-rule",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_at_sizes(stage)),
    judge: judge_sizes,
};

pub(super) const MEMORY_ENOSPC: Case = Case {
    id: "volume/memory-enospc",
    attire: Attire::Restricted,
    expects: &[Expected::Reason("Evicted")],
    drive: |stage| Box::pin(fill_and_stay(stage)),
    judge: judge_full,
};

async fn look_at_sizes(stage: &Stage) -> Result<(), Blocked> {
    let (one, other) = try_join!(stage.create(SIZED), stage.create(UNSIZED))?;
    try_join!(
        stage.until_reported(&one, LOOKER, 0, "hold"),
        stage.until_reported(&other, LOOKER, 0, "hold")
    )?;
    Ok(())
}

fn judge_sizes(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for (pod, size, assertion) in
        [(SIZED, 32 * MIB, "no-more-than-its-limit"), (UNSIZED, 128 * MIB, "no-more-than-the-pods")]
    {
        let uid = &seen.applied(pod, 0)?.uid;
        let mount = seen.log_report(uid, LOOKER, 0, "mount")?;
        Inquiry::premise("a volume in memory", mount.value.text("fstype")? == "tmpfs")?;
        say.assert_equal(assertion, &size, &mount.value.number("total_bytes")?, mount.pointer);
    }
    Ok(())
}

async fn fill_and_stay(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, POD, 0, "hold").await?;
    stage.probe("fill", &pod, POD, &["fill", "--path", "/memory/file", "--bytes", "33554432"]).await?;
    // A kubelet that has evicted a pod which took too much later has had the time for this one.
    let control = stage.create_beside(CONTROL, &pod).await?;
    let over = |seen: &Observed, pod: &PodRef| seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
    let either = |seen: &Observed| met_if(over(seen, &pod) || over(seen, &control));
    stage.until("the eviction of the control", stage.budgets().eviction(), either).await?;
    stage.unless("an eviction", stage.budgets().quiet_window(), |seen| met_if(over(seen, &pod))).await?;
    stage.mark(WATCHED);
    Ok(())
}

fn met_if(there: bool) -> Progress<()> {
    if there { Progress::Met(()) } else { Progress::NotYet }
}

/// Whether the pod was evicted for what is in one of its volumes on the disk or in memory, and for nothing else.
fn evicted_for_its_volume(pod: &SeenPod) -> bool {
    pod.phase() == "Failed" && pod.reason() == Some(EVICTED) && pod.message().contains(OF_A_VOLUME)
}

fn judge_full(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let report = seen.exec_report("fill", "fill")?;
    let refused = report.value.text("errno") == Ok("ENOSPC");
    let complete = report.value.truth("complete")?;
    Inquiry::premise("a file that is written whole, or ENOSPC", complete || refused)?;
    say.assert("is-full", refused, "ENOSPC", report.value.to_string(), &report.pointer);
    if refused {
        let written = report.value.number("bytes_written")?;
        let near = (LIMIT - OVERHEAD..=LIMIT).contains(&written);
        say.assert("full-at-the-limit", near, LIMIT.to_string(), written.to_string(), &report.pointer);
    }
    let last = seen.last(uid)?;
    if last.is_terminal() {
        // `NodeShutdown`, or an eviction because the node is low on memory, is another story.
        let what =
            format!("a pod that nobody ends ({}: {})", last.reason().unwrap_or_default(), last.message());
        Inquiry::premise(&what, evicted_for_its_volume(last))?;
    } else {
        // That nothing happened counts only when it was watched for long enough.
        seen.mark(WATCHED)?;
        let control = seen.last(&seen.applied(CONTROL, 0)?.uid)?;
        Inquiry::premise("the eviction of a pod with too much on the disk", evicted_for_its_volume(control))?;
    }
    say.assert(
        "pod-stays",
        !last.is_terminal(),
        "a pod that goes on",
        last.phase(),
        format!("timeline/{POD}"),
    );
    Ok(())
}
