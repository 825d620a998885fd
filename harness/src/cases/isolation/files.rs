//! Root file systems of the containers of one pod.

use futures::try_join;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "two";
const LEFT: &str = "left";
const RIGHT: &str = "right";
const FILE: &str = "/tmp/token";

pub(super) const ROOTFS: Case = Case {
    id: "isolation/rootfs",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_in_both(stage)),
    judge: judge_file,
};

async fn look_in_both(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, LEFT, 0, "write"), stage.until_reported(&pod, RIGHT, 0, "hold"))?;
    stage.probe("in-left", &pod, LEFT, &["read", "--path", FILE]).await?;
    stage.probe("in-right", &pod, RIGHT, &["read", "--path", FILE]).await?;
    Ok(())
}

fn judge_file(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let written = seen.exec_report("in-left", "read")?;
    let kept = written.value.present()? && written.value.text("content")? == seen.token;
    Inquiry::premise("the token where it was written", kept)?;
    inquiry.assert_absent("not-visible", &seen.exec_report("in-right", "read")?)
}
