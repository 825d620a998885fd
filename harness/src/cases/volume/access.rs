//! Access to files in a volume by different users and mounts.

use futures::try_join;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "shared";

const FIRST: &str = "first";
const SECOND: &str = "second";

const WRITER: &str = "writer";
const READER: &str = "reader";

pub(super) const TWO_UIDS_WRITE: Case = Case {
    id: "volume/two-uids-write",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(write_and_remove(stage)),
    judge: judge_two_users,
};

pub(super) const READONLY_MOUNT: Case = Case {
    id: "volume/readonly-mount",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(write_in_both(stage)),
    judge: judge_two_mounts,
};

pub(super) const MODE_FIELD: Case = Case {
    id: "volume/mode-field",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(remove_others_file(stage)),
    judge: judge_mode,
};

async fn write_and_remove(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, FIRST, 0, "hold"), stage.until_reported(&pod, SECOND, 0, "hold"))?;
    for (label, container, path) in
        [("write-in-first", FIRST, "/data/of-first"), ("write-in-second", SECOND, "/data/of-second")]
    {
        stage.probe(label, &pod, container, &["write", "--path", path, "--text", container]).await?;
    }
    for (label, container, path) in
        [("remove-in-first", FIRST, "/data/of-second"), ("remove-in-second", SECOND, "/data/of-first")]
    {
        stage.probe(label, &pod, container, &["remove", "--path", path]).await?;
    }
    Ok(())
}

fn judge_two_users(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let user = |container| seen.log_report(uid, container, 0, "identity")?.value.number("uid");
    let (first, second) = (user(FIRST)?, user(SECOND)?);
    Inquiry::premise("two users, none of them root", first != second && first != 0 && second != 0)?;

    for label in ["write-in-first", "write-in-second"] {
        inquiry.assert_allowed("both-may-write", &seen.exec_report(label, "write")?)?;
    }
    for label in ["remove-in-first", "remove-in-second"] {
        let removed = seen.exec_report(label, "remove")?;
        if removed.value.ok() {
            Inquiry::premise("a file that could be removed", removed.value.truth("present")?)?;
        }
        inquiry.assert_allowed("each-may-remove-the-others", &removed)?;
    }
    Ok(())
}

async fn remove_others_file(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, FIRST, 0, "hold"), stage.until_reported(&pod, SECOND, 0, "hold"))?;
    stage.probe("mode", &pod, FIRST, &["stat", "--path", "/data"]).await?;
    let path = "/data/of-first";
    stage.probe("write-in-first", &pod, FIRST, &["write", "--path", path, "--text", FIRST]).await?;
    stage.probe("remove-in-second", &pod, SECOND, &["remove", "--path", path]).await?;
    Ok(())
}

fn judge_mode(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let user = |container| seen.log_report(uid, container, 0, "identity")?.value.number("uid");
    let (first, second) = (user(FIRST)?, user(SECOND)?);
    Inquiry::premise("two users, none of them root", first != second && first != 0 && second != 0)?;
    let directory = seen.exec_report("mode", "stat")?;
    inquiry.assert_equal("mode-is-the-fields", &"1777", &directory.value.text("mode")?, directory.pointer);
    let written = seen.exec_report("write-in-first", "write")?;
    Inquiry::premise("a file of the first user", written.value.ok())?;
    inquiry.assert_refused("others-may-not-remove", &seen.exec_report("remove-in-second", "remove")?, "EPERM")
}

async fn write_in_both(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, WRITER, 0, "hold"), stage.until_reported(&pod, READER, 0, "hold"))?;
    for (label, container, path) in
        [("write-in-writer", WRITER, "/data/token"), ("write-in-reader", READER, "/data/other")]
    {
        stage.probe(label, &pod, container, &["write", "--path", path, "--text", stage.token()]).await?;
    }
    stage.probe("read-in-reader", &pod, READER, &["read", "--path", "/data/token"]).await?;
    Ok(())
}

fn judge_two_mounts(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    inquiry.assert_allowed("writer-may-write", &seen.exec_report("write-in-writer", "write")?)?;
    inquiry.assert_refused("reader-may-not", &seen.exec_report("write-in-reader", "write")?, "EROFS")?;
    inquiry.assert_found(
        "reader-sees-it",
        &seen.exec_report("read-in-reader", "read")?,
        "content",
        &seen.token,
    )
}
