//! A pod with `activeDeadlineSeconds`.

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "limited";

/// The `status.reason` of a pod that exceeded its deadline.
const EXCEEDED: &str = "DeadlineExceeded";

pub(super) const DEADLINE_EXCEEDED: Case = Case {
    id: "lifecycle/deadline-exceeded",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Reason("DeadlineExceeded")],
    drive: |stage| Box::pin(exceed_deadline(stage)),
    judge: judge_end,
};

async fn exceed_deadline(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_terminal(&pod).await
}

fn judge_end(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let last = seen.pod(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let reason = last.reason();
    // The claim says nothing about pods ended for `Evicted`, `NodeShutdown`, `Preempting` and similar reasons.
    let decided = reason.is_none_or(|reason| reason == EXCEEDED);
    Inquiry::premise(
        &format!("no other reason for the end of the pod ({})", reason.unwrap_or_default()),
        decided,
    )?;
    let pointer = format!("timeline/{POD}");
    inquiry.assert_equal("pod-fails", &"Failed", &last.phase(), &pointer);
    inquiry.assert_equal("reason-is-told", &EXCEEDED, &reason.unwrap_or_default(), pointer);
    Ok(())
}
