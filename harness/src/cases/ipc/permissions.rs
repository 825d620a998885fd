//! What a user may do with another user's queue.

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const QUEUE: &str = "/podproof";

pub(super) const MQ_PERMISSIONS: Case = Case {
    id: "ipc/mq-permissions",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(try_as_another(stage)),
    judge: judge_tries,
};

async fn try_as_another(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("read", FINDER, &["mq-open", "--queue", QUEUE, "--access", "r"]).await?;
    pods.probe("write", FINDER, &["mq-open", "--queue", QUEUE, "--access", "w"]).await?;
    pods.probe("remove", FINDER, &["mq-unlink", "--queue", QUEUE]).await?;
    // The owner looks whether the queue still exists, because its mode always lets the owner read.
    pods.probe("left", MAKER, &["mq-look", "--queue", QUEUE]).await?;
    Ok(())
}

fn judge_tries(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let made = ok_report_of(seen, MAKER, "mq-create")?;
    Inquiry::premise("a queue that was created", made.value.number("created")? == 1)?;
    for (label, allowed, assertion) in
        [("read", true, "others-may-read"), ("write", false, "others-may-not-write")]
    {
        let tried = seen.exec_report(label, "mq-open")?;
        Inquiry::premise("a queue that exists", tried.value.present()?)?;
        let errno = tried.value.text("errno");
        Inquiry::premise("no error other than EACCES", matches!(errno, Err(_) | Ok("EACCES")))?;
        inquiry.assert_equal(assertion, &allowed, &tried.value.truth("opened")?, tried.pointer);
    }
    let tried = seen.exec_report("remove", "mq-unlink")?;
    let exists = seen.exec_report("left", "mq-look")?.value.present()?;
    let removed = tried.value.ok() && tried.value.present()?;
    // In a directory with the sticky bit the kernel returns EPERM, which some C libraries turn into EACCES.
    let refused = !tried.value.ok() && matches!(tried.value.text("errno"), Ok("EPERM" | "EACCES"));
    Inquiry::premise("a result of the attempt to remove the queue", removed || refused)?;
    let actual = format!("removed: {removed}, still there: {exists}");
    let expected = "removed: false, still there: true";
    inquiry.assert("others-may-not-remove", !removed && exists, expected, actual, tried.pointer);
    Ok(())
}
