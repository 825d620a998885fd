//! A pod that may be active for a limited time only.

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "limited";

/// The reason of a pod that was active for too long.
const EXCEEDED: &str = "DeadlineExceeded";

pub(super) const DEADLINE_EXCEEDED: Case = Case {
    id: "lifecycle/deadline-exceeded",
    attire: Attire::Restricted,
    expects: &[Expected::Reason("DeadlineExceeded")],
    drive: |stage| Box::pin(outlive(stage)),
    judge: judge_end,
};

async fn outlive(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_terminal(&pod).await
}

fn judge_end(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let last = seen.last(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let reason = last.reason();
    // `Evicted`, `NodeShutdown`, `Preempting` and the like are the ends of other stories.
    let decided = reason.is_none_or(|reason| reason == EXCEEDED);
    Inquiry::premise(&format!("no other reason for its end ({})", reason.unwrap_or_default()), decided)?;
    let pointer = format!("timeline/{POD}");
    say.assert_equal("pod-fails", &"Failed", &last.phase(), &pointer);
    say.assert_equal("reason-is-told", &EXCEEDED, &reason.unwrap_or_default(), pointer);
    Ok(())
}
