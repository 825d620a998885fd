//! Named pipes and file locks on a volume, used by programs of two containers.

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of, pod_uid_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const PIPE: &str = "/data/fifo";
const LOCKED: &str = "/data/locked";

pub(super) const FIFO_AND_FLOCK: Case = Case {
    id: "ipc/fifo-and-flock",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_and_lock(stage)),
    judge: judge_both,
};

async fn read_and_lock(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "fifo-make"), (FINDER, "hold")]).await?;
    pods.probe("held", FINDER, &["try-lock", "--path", LOCKED]).await?;
    pods.probe("read", FINDER, &["fifo-read", "--path", PIPE]).await?;
    pods.probe("end", FINDER, &["write", "--path", "/data/go", "--text", "now"]).await?;
    stage.until_ended(pods.pod_of(MAKER)?, MAKER).await?;
    pods.probe("free", FINDER, &["try-lock", "--path", LOCKED]).await?;
    Ok(())
}

fn judge_both(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, MAKER)?;
    ok_report_of(seen, MAKER, "lock")?;
    let read = seen.exec_report("read", "fifo-read")?;
    Inquiry::premise("a pipe that could be read", read.value.ok())?;
    inquiry.assert_equal(
        "pipe-carries-bytes",
        &seen.token.as_str(),
        &read.value.text("text")?,
        &read.pointer,
    );

    seen.ending(uid, MAKER, 0)?;
    for (label, free, assertion) in
        [("held", false, "lock-excludes"), ("free", true, "lock-ends-with-its-holder")]
    {
        let tried = seen.exec_report(label, "try-lock")?;
        Inquiry::premise("a file to be locked", tried.value.present()?)?;
        Inquiry::errno_among(&tried.value, &["EAGAIN"])?;
        inquiry.assert_equal(assertion, &free, &tried.value.truth("obtained")?, tried.pointer);
    }
    Ok(())
}
