//! The last status of a deleted pod.

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, WatchChange};
use podproof_core::judge::Inquiry;

const POD: &str = "single";
const MAIN: &str = "main";

pub(super) const TERMINAL_BEFORE_DELETE: Case = Case {
    id: "lifecycle/terminal-before-delete",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_holding(stage)),
    judge: judge_last_phase,
};

async fn delete_holding(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, MAIN, 0, "hold").await?;
    stage.until_running(&pod).await?;
    stage.delete_and_wait(&pod).await
}

fn judge_last_phase(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let gone = seen.pod(uid)?;
    Inquiry::premise("a pod that is gone", gone.change == WatchChange::Deleted)?;
    let reason = gone.reason();
    Inquiry::premise("a pod without a status reason", reason.is_none())?;
    // The DELETED event carries the last status, so a watch that missed earlier updates does not matter.
    inquiry.assert(
        "ends-before-it-goes",
        gone.is_terminal(),
        "Succeeded or Failed",
        gone.phase(),
        format!("timeline/{POD}"),
    );
    Ok(())
}
