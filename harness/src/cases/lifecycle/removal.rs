//! What is told of a deleted pod before it is gone.

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "single";
const MAIN: &str = "main";

pub(super) const TERMINAL_BEFORE_DELETE: Case = Case {
    id: "lifecycle/terminal-before-delete",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_holding(stage)),
    judge: judge_last_phase,
};

async fn delete_holding(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, MAIN, 0, "hold").await?;
    stage.until_running(&pod).await?;
    stage.delete_and_wait(&pod).await
}

fn judge_last_phase(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let gone = seen.last(uid)?;
    Inquiry::premise("a pod that is gone", gone.change == Change::Deleted)?;
    let reason = gone.reason();
    Inquiry::premise("a pod that is left alone", reason.is_none())?;
    // The last state of all comes with the removal; a watch that broke before may have missed the ones before it.
    say.assert(
        "ends-before-it-goes",
        gone.is_terminal(),
        "Succeeded or Failed",
        gone.phase(),
        format!("timeline/{POD}"),
    );
    Ok(())
}
