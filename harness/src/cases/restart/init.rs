//! Init containers: no second run when an app container restarts, and a retry when they fail.

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, premise_restarted_after_exit, restart_main_once, until_end_reported,
};
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

/// The pod whose init container fails at first.
const SINGLE: &str = "single";

const INIT: &str = "init";

/// The file to which each start of the init container adds a line.
const STARTS: &str = "/data/starts";

pub(super) const INIT_NOT_RERUN: Case = Case {
    id: "restart/init-not-rerun",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN), Disturbance::ExitOrKubeletKill(INIT)],
    drive: |stage| Box::pin(async { restart_main_once(stage, "read", End::ExitOnFile).await.map(drop) }),
    judge: judge_starts,
};

pub(super) const INIT_IS_RETRIED: Case = Case {
    id: "restart/init-is-retried",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(INIT)],
    drive: |stage| Box::pin(fail_init_once(stage)),
    judge: judge_retry,
};

fn judge_starts(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, 1)?;
    let before = seen.log_report_on((uid, MAIN, 0), "read", STARTS)?;
    Inquiry::premise("one start at first", before.value.text("content")? == "1\n")?;
    let after = seen.log_report_on((uid, MAIN, 1), "read", STARTS)?;
    inquiry.assert_found("starts-are-not-repeated", &after, "content", "1\n")?;

    let first = seen.ending(uid, INIT, 0)?;
    let last = seen.container(uid, INIT)?;
    inquiry.assert_equal("status-is-kept", &0, &last.value.restarts, &last.pointer);
    let id = last.value.ended.and_then(|end| end.container_id);
    inquiry.assert_equal("status-is-kept", &first.value.container_id, &id, last.pointer);
    Ok(())
}

async fn fail_init_once(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(SINGLE).await?;
    let look = |seen: &SeenPod| {
        let main_began = seen.has_ever_started(MAIN);
        (main_began || seen.is_terminal()).then_some(())
    };
    stage
        .until_pod("the start of main, or the end of its pod", stage.budgets().pod_done(), &pod, look)
        .await?;
    until_end_reported(stage, &pod, INIT, 0).await
}

fn judge_retry(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SINGLE, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let first = seen.ending(uid, INIT, 0)?;
    Inquiry::premise("an init container that failed", first.value.exit_code == 1)?;
    let retried =
        seen.states(uid).any(|state| state.container(INIT).is_some_and(|init| init.restart_count > 0));
    let last = seen.pod(uid)?;
    let began = seen.states(uid).filter(|state| state.has_ever_started(MAIN));
    let too_early = began.filter(|state| {
        let end = state.termination_of(INIT, 1);
        end.is_none_or(|end| end.exit_code != 0)
    });
    if !retried {
        Inquiry::premise("a second start, or the end of the pod", last.is_terminal())?;
    }
    inquiry.assert("init-is-retried", retried, "a second start", last.phase(), first.pointer);
    let too_early = too_early.count();
    Inquiry::premise("a start of main", retried && last.has_ever_started(MAIN))?;
    inquiry.assert_equal("app-waits", &0, &too_early, format!("timeline/{SINGLE}/{MAIN}"));
    Ok(())
}
