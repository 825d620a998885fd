//! A pod that may be active for a limited time only.

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "limited";

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
    Inquiry::premise("a pod that is not evicted", reason != Some("Evicted"))?;
    let pointer = format!("timeline/{POD}");
    say.assert_equal("pod-fails", &"Failed", &last.phase(), &pointer);
    say.assert_equal("reason-is-told", &"DeadlineExceeded", &reason.unwrap_or_default(), pointer);
    Ok(())
}
