//! What containers leave for those that come later.

use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Amendment, Attire, Blocked, Stage};

const POD: &str = "handed";
const MAKER: &str = "maker";
const APP: &str = "app";
const DEBUGGER: &str = "debugger";

pub(super) const INIT_HANDOFF: Case = Case {
    id: "volume/init-handoff",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(hand_over(stage)),
    judge: judge_handoff,
};

pub(super) const EPHEMERAL_CONTAINER_SEES: Case = Case {
    id: "volume/ephemeral-container-sees",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(add_a_debugger(stage)),
    judge: judge_debugger,
};

async fn hand_over(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "hold").await
}

fn judge_handoff(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let made = seen.log_report(uid, MAKER, 0, "write")?;
    Inquiry::premise("the token written by the init container", made.value.ok())?;
    say.assert_found("app-reads-it", &seen.log_report(uid, APP, 0, "read")?, "content", &seen.token)
}

async fn add_a_debugger(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "write").await?;
    stage.amend(&pod, DEBUGGER, Amendment::EphemeralContainers).await?;
    stage.until_reported(&pod, DEBUGGER, 0, "read").await
}

fn judge_debugger(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let made = seen.log_report(uid, APP, 0, "write")?;
    Inquiry::premise("the token written by the app container", made.value.ok())?;
    let read = seen.log_report(uid, DEBUGGER, 0, "read")?;
    say.assert_found("debugger-reads-it", &read, "content", &seen.token)
}
