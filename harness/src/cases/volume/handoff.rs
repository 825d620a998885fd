//! Files that a container writes for containers that start later.

use crate::cases::case::Case;
use crate::stage::{PodPatch, PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "handed";
const MAKER: &str = "maker";
const APP: &str = "app";
const DEBUGGER: &str = "debugger";

pub(super) const INIT_HANDOFF: Case = Case {
    id: "volume/init-handoff",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(write_in_init(stage)),
    judge: judge_handoff,
};

pub(super) const EPHEMERAL_CONTAINER_SEES: Case = Case {
    id: "volume/ephemeral-container-sees",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(add_a_debugger(stage)),
    judge: judge_debugger,
};

async fn write_in_init(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "hold").await
}

fn judge_handoff(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let made = seen.log_report(uid, MAKER, 0, "write")?;
    Inquiry::premise("the token written by the init container", made.value.ok())?;
    inquiry.assert_found("app-reads-it", &seen.log_report(uid, APP, 0, "read")?, "content", &seen.token)
}

async fn add_a_debugger(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "write").await?;
    stage.patch_pod(&pod, DEBUGGER, PodPatch::EphemeralContainers).await?;
    stage.until_reported(&pod, DEBUGGER, 0, "read").await
}

fn judge_debugger(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let made = seen.log_report(uid, APP, 0, "write")?;
    Inquiry::premise("the token written by the app container", made.value.ok())?;
    let read = seen.log_report(uid, DEBUGGER, 0, "read")?;
    inquiry.assert_found("debugger-reads-it", &read, "content", &seen.token)
}
