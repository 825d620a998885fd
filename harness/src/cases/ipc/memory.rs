//! System V and POSIX shared memory and System V messages, created in one container and found in another.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const KEY: &str = "70726f6f";

pub(super) const SYSV_MSG: Case = Case {
    id: "ipc/sysv-msg",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(receive_twice(stage)),
    judge: judge_message,
};

pub(super) const SYSV_SHM: Case = Case {
    id: "ipc/sysv-shm",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(write_both_ways(stage)),
    judge: judge_segment,
};

pub(super) const POSIX_SHM: Case = Case {
    id: "ipc/posix-shm",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_object,
};

async fn receive_twice(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("receive", FINDER, &["msg-receive", "--key", KEY]).await?;
    pods.probe("left", MAKER, &["msg-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_message(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "msg-send")?;
    let received = seen.exec_report("receive", "msg-receive")?;
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { json!([]) };
    inquiry.assert_equal("same-bytes", &json!([seen.token]), &texts, received.pointer);
    let left = seen.exec_report("left", "msg-look")?;
    if left.value.present()? {
        inquiry.assert_equal("is-taken", &0, &left.value.number("count")?, left.pointer);
    }
    Ok(())
}

async fn write_both_ways(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("in-finder", FINDER, &["shm-look", "--key", KEY]).await?;
    pods.probe("write-back", FINDER, &["shm-put", "--key", KEY, "--text", "written back"]).await?;
    pods.probe("in-maker", MAKER, &["shm-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_segment(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "hold")?;
    let found = seen.exec_report("in-finder", "shm-look")?;
    inquiry.assert_found("same-bytes", &found, "text", &seen.token)?;
    let attached = if found.value.present()? { Some(found.value.number("nattch")?) } else { None };
    inquiry.assert_equal("attached-is-counted", &Some(1), &attached, found.pointer);

    let written = seen.exec_report("write-back", "shm-put")?;
    Inquiry::premise("a text that the second container wrote back", written.value.ok())?;
    let read = seen.exec_report("in-maker", "shm-look")?;
    inquiry.assert_found("both-ways", &read, "text", "written back")
}

async fn look(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("look", FINDER, &["pshm-look", "--name", "/podproof"]).await?;
    Ok(())
}

fn judge_object(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let made = ok_report_of(seen, MAKER, "pshm-put")?;
    let found = seen.exec_report("look", "pshm-look")?;
    inquiry.assert_found("same-bytes", &found, "text", &seen.token)?;
    if found.value.present()? {
        let inode = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        inquiry.assert_equal("same-file", &inode(&made.value)?, &inode(&found.value)?, found.pointer);
    }
    Ok(())
}
