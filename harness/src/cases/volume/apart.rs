//! Volumes with the same name in two pods.

use crate::cases::case::Case;
use crate::cases::two_pods::{HERE, THERE, premise_same_kernel, premise_same_node, start_both_pods};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const TOKEN: &str = "/data/token";

pub(super) const ISOLATED_BETWEEN_PODS: Case = Case {
    id: "volume/isolated-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_there(stage)),
    judge: judge_two_directories,
};

async fn look_there(stage: &Stage) -> Result<(), StageError> {
    let (here, there) = start_both_pods(stage).await?;
    // Both pods must be alive: the inode numbers of removed files are reused.
    let look = ["identity", "then", "stat", "--path", "/data", "then", "read", "--path", TOKEN];
    stage.probe("look-here", &here, HERE, &look).await?;
    stage.probe("look-there", &there, THERE, &look).await?;
    Ok(())
}

fn judge_two_directories(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_same_node(seen)?;
    let token = seen.exec_report("look-here", "read")?;
    let kept = token.value.present()? && token.value.text("content")? == seen.token;
    Inquiry::premise("the token in the first pod", kept)?;
    inquiry.assert_absent("not-visible", &seen.exec_report("look-there", "read")?)?;

    premise_same_kernel(
        &seen.exec_report("look-here", "identity")?,
        &seen.exec_report("look-there", "identity")?,
    )?;
    let inode = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
    let (one, other) = (seen.exec_report("look-here", "stat")?, seen.exec_report("look-there", "stat")?);
    inquiry.assert_differ(
        "another-folder",
        "directories",
        &inode(&one.value)?,
        &inode(&other.value)?,
        other.pointer,
    );
    Ok(())
}
