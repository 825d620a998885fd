//! The ends of a pod, and its volume on the node's disk then.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{KEEPER, kept, settle, settle_after};
use crate::cases::place::{assert_gone, look_before, look_when_gone};
use crate::cases::premise::Expected;
use crate::cases::quiet::{watch_for, watched};
use crate::evidence::{Change, Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const TOKEN: &str = "/data/token";

/// What the volume may hold, in bytes.
const LIMIT: u64 = 16 << 20;

/// The reason of a pod that was ended for what it takes of the node.
const EVICTED: &str = "Evicted";

pub(super) const GONE_FROM_NODE_DISK: Case = Case {
    id: "volume/gone-from-node-disk",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete(stage)),
    judge: judge_deleted,
};

pub(super) const GONE_WHEN_TERMINAL: Case = Case {
    id: "volume/gone-when-terminal",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(complete(stage)),
    judge: judge_terminal,
};

pub(super) const GONE_ON_EVICTION: Case = Case {
    id: "volume/gone-on-eviction",
    attire: Attire::Restricted,
    expects: &[Expected::Reason("Evicted")],
    drive: |stage| Box::pin(evict_and_look(stage)),
    judge: judge_evicted_volume,
};

pub(super) const DISK_SIZELIMIT_EVICTS: Case = Case {
    id: "volume/disk-sizelimit-evicts",
    attire: Attire::Restricted,
    expects: &[Expected::Reason("Evicted")],
    drive: |stage| Box::pin(evict(stage)),
    judge: judge_eviction,
};

async fn delete(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    look_before(stage, &node, &keeper).await?;
    stage.delete_and_wait(&keeper).await?;
    look_when_gone(stage, &node, &keeper).await
}

fn judge_deleted(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    kept(seen, uid, "write", TOKEN)?;
    Inquiry::premise("the pod gone from the API", seen.last(uid)?.change == Change::Deleted)?;
    assert_gone(seen, say, "volume-is-gone")
}

async fn complete(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle_after(stage, "write").await?;
    look_before(stage, &node, &keeper).await?;
    stage.probe("end", &keeper, MAIN, &["write", "--path", "/data/go", "--text", "now"]).await?;
    stage.until_terminal(&keeper).await?;
    look_when_gone(stage, &node, &keeper).await
}

fn judge_terminal(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    kept(seen, uid, "write", TOKEN)?;
    let last = seen.last(uid)?;
    Inquiry::premise("the phase Succeeded", last.phase() == "Succeeded")?;
    Inquiry::premise("the pod still in the API", last.change == Change::Applied)?;
    assert_gone(seen, say, "volume-is-gone")
}

async fn evict_and_look(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle_after(stage, "write").await?;
    look_before(stage, &node, &keeper).await?;
    stage.probe("ready", &keeper, MAIN, &["write", "--path", "/data/go", "--text", "now"]).await?;
    watch_for_eviction(stage, &keeper).await?;
    look_when_gone(stage, &node, &keeper).await
}

fn judge_evicted_volume(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    kept(seen, uid, "write", TOKEN)?;
    if judge_whether_evicted(seen, say, uid)? {
        assert_gone(seen, say, "volume-is-gone")?;
    }
    Ok(())
}

async fn evict(stage: &Stage) -> Result<(), Blocked> {
    let keeper = stage.create(KEEPER).await?;
    stage.until_reported(&keeper, MAIN, 0, "fill").await?;
    watch_for_eviction(stage, &keeper).await
}

fn judge_eviction(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    if judge_whether_evicted(seen, say, uid)? {
        let last = seen.last(uid)?;
        let message = last.message();
        let names = message.contains("EmptyDir") && message.contains("data");
        let expected = "a message about the EmptyDir volume data";
        say.assert("message-names-the-volume", names, expected, message, format!("timeline/{KEEPER}"));
    }
    Ok(())
}

/// Watches until the pod is over, for as long as an eviction may take.
async fn watch_for_eviction(stage: &Stage, keeper: &PodRef) -> Result<(), Blocked> {
    let over = |seen: &Observed| seen.pod(&keeper.uid).is_some_and(SeenPod::is_terminal);
    watch_for(stage, "the pod's eviction", stage.budgets().eviction(), over).await
}

/// Asserts that the pod was evicted; says whether it was.
fn judge_whether_evicted(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<bool, Missing> {
    let last = seen.last(uid)?;
    let reason = last.reason();
    let evicted = last.phase() == "Failed" && reason == Some(EVICTED);
    if !evicted {
        watched(seen)?;
        let bytes = seen.log_report(uid, MAIN, 0, "fill")?.value.number("bytes_written")?;
        Inquiry::premise("more in the volume than it may hold", bytes > LIMIT)?;
    }
    let told = format!("{} {}", last.phase(), reason.unwrap_or_default());
    say.assert("is-evicted", evicted, "Failed Evicted", told, format!("timeline/{KEEPER}"));
    Ok(evicted)
}
