//! Memory and messages of System V and POSIX that are made in one container and found in another.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done};
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const KEY: &str = "70726f6f";

pub(super) const SYSV_MSG: Case = Case {
    id: "ipc/sysv-msg",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(receive_twice(stage)),
    judge: judge_message,
};

pub(super) const SYSV_SHM: Case = Case {
    id: "ipc/sysv-shm",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(write_both_ways(stage)),
    judge: judge_segment,
};

pub(super) const POSIX_SHM: Case = Case {
    id: "ipc/posix-shm",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_object,
};

async fn receive_twice(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("receive", FINDER, &["msg-receive", "--key", KEY]).await?;
    members.probe("left", MAKER, &["msg-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_message(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "msg-send")?;
    let received = seen.exec_report("receive", "msg-receive")?;
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { json!([]) };
    say.assert_equal("same-bytes", &json!([seen.token]), &texts, received.pointer);
    let left = seen.exec_report("left", "msg-look")?;
    if left.value.present()? {
        say.assert_equal("is-taken", &0, &left.value.number("count")?, left.pointer);
    }
    Ok(())
}

async fn write_both_ways(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("in-finder", FINDER, &["shm-look", "--key", KEY]).await?;
    members.probe("write-back", FINDER, &["shm-put", "--key", KEY, "--text", "written back"]).await?;
    members.probe("in-maker", MAKER, &["shm-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_segment(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "hold")?;
    let found = seen.exec_report("in-finder", "shm-look")?;
    say.assert_found("same-bytes", &found, "text", &seen.token)?;
    let attached = if found.value.present()? { Some(found.value.number("nattch")?) } else { None };
    say.assert_equal("attached-is-counted", &Some(1), &attached, found.pointer);

    let written = seen.exec_report("write-back", "shm-put")?;
    Inquiry::premise("a text written back", written.value.ok())?;
    let read = seen.exec_report("in-maker", "shm-look")?;
    say.assert_found("both-ways", &read, "text", "written back")
}

async fn look(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("look", FINDER, &["pshm-look", "--name", "/podproof"]).await?;
    Ok(())
}

fn judge_object(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let made = done(seen, MAKER, "pshm-put")?;
    let found = seen.exec_report("look", "pshm-look")?;
    say.assert_found("same-bytes", &found, "text", &seen.token)?;
    if found.value.present()? {
        let place = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        say.assert_equal("same-file", &place(&made.value)?, &place(&found.value)?, found.pointer);
    }
    Ok(())
}
