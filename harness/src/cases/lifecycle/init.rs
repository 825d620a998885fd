//! A pod whose init container fails and is not retried.

use crate::cases::case::Case;
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "single";
const INIT: &str = "init";
const MAIN: &str = "main";

pub(super) const INIT_FAILURE_FAILS_THE_POD: Case = Case {
    id: "lifecycle/init-failure-fails-the-pod",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(INIT), Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(fail_init(stage)),
    judge: judge_end,
};

async fn fail_init(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_terminal(&pod).await
}

fn judge_end(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let last = seen.pod(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let pointer = format!("timeline/{POD}");
    inquiry.assert_equal("pod-fails", &"Failed", &last.phase(), &pointer);
    let init = seen.container(uid, INIT)?;
    inquiry.assert_equal("init-is-not-retried", &0, &init.value.restarts, init.pointer);
    let main = seen.container(uid, MAIN)?;
    let began = seen.instance(uid, MAIN, 0).is_ok() || main.value.restarts > 0;
    inquiry.assert_equal("app-never-starts", &false, &began, main.pointer);
    Ok(())
}
