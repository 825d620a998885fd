//! The maximum of the restart back-off, and its reset.

use std::time::Duration;

use jiff::Timestamp;

use super::backoff::{POD, gap, premise_early, premise_not_late, until_restart};
use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, until_end_reported};
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

/// The restarts with the maximum delay. The delays before them are 0, 10, 20, 40, 80 and 160 s.
const CAPPED: [i32; 2] = [7, 8];
/// The cap, in seconds.
const CAP: i64 = 300;
/// The tolerance for a kubelet that restarts late, in seconds. Without the cap, the second of the restarts above
/// would be delayed by 640 s.
const TOLERANCE: i64 = 60;

/// The instance that runs long enough to reset the back-off. The restart before it was delayed by 40 s.
const LONG: i32 = 4;
/// A restart within this many seconds was not delayed by the 80 s that would come next without a reset.
const RESET_LIMIT: i64 = 30;

pub(super) const BACKOFF_CAP: Case = Case {
    id: "restart/backoff-cap",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(crash_to_the_cap(stage)),
    judge: judge_cap,
};

pub(super) const BACKOFF_RESET: Case = Case {
    id: "restart/backoff-reset",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(run_long_between_crashes(stage)),
    judge: judge_reset,
};

async fn crash_to_the_cap(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    for restart in 1..=CAPPED[1] {
        until_restart(stage, &pod, restart, stage.budgets().capped_restart()).await?;
    }
    for nth in CAPPED[0] - 1..=CAPPED[1] {
        until_end_reported(stage, &pod, MAIN, nth).await?;
    }
    Ok(())
}

fn judge_cap(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let pointer = format!("timeline/{POD}/{MAIN}");
    let most = most_restarts(seen, uid)?;
    if most < CAPPED[1] {
        Inquiry::premise("eight restarts, or the end of the pod", seen.pod(uid)?.is_terminal())?;
    }
    inquiry.assert("goes-on-restarting", most >= CAPPED[1], "8 restarts", format!("{most}"), &pointer);
    if most < CAPPED[1] {
        return Ok(());
    }
    for restart in CAPPED {
        let before = seen.ending(uid, MAIN, restart - 1)?.value;
        let next = seen.ending(uid, MAIN, restart)?.value;
        let gap = gap(&before, next.started_at.as_ref().map(|time| time.0))?;
        let actual = format!("restart {restart} after {gap} s");
        premise_early(seen, uid, restart, (gap, CAP - 1))?;
        inquiry.assert("reaches-the-cap", gap >= CAP - 1, format!("{CAP} s or more"), &actual, &pointer);
        let latest = CAP + TOLERANCE;
        premise_not_late(seen, uid, restart, (gap, latest))?;
        inquiry.assert("stays-at-the-cap", gap <= latest, format!("{latest} s at most"), actual, &pointer);
    }
    Ok(())
}

async fn run_long_between_crashes(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    for restart in 1..=LONG {
        until_restart(stage, &pod, restart, stage.budgets().pod_done()).await?;
    }
    let budget: Duration = stage.budgets().long_run() + stage.budgets().capped_restart();
    until_restart(stage, &pod, LONG + 1, budget).await?;
    for nth in [LONG - 1, LONG] {
        until_end_reported(stage, &pod, MAIN, nth).await?;
    }
    let runs = |seen: &SeenPod| start_of(seen, LONG + 1).map(drop);
    stage.until_pod("the start after the long run", stage.budgets().pod_running(), &pod, runs).await
}

fn judge_reset(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let before = seen.ending(uid, MAIN, LONG - 1)?.value;
    let long = seen.ending(uid, MAIN, LONG)?.value;
    let delay = gap(&before, long.started_at.as_ref().map(|time| time.0))?;
    Inquiry::premise("a delayed restart before the long run", delay > RESET_LIMIT)?;
    Inquiry::premise("a long run that exited with code 1", long.exit_code == 1)?;
    // The probe reports `pause` only after the whole pause.
    seen.log_report(uid, MAIN, LONG, "pause")?;
    let start = seen.states(uid).find_map(|state| start_of(state, LONG + 1));
    let gap = gap(&long, start)?;
    premise_not_late(seen, uid, LONG + 1, (gap, RESET_LIMIT))?;
    let actual = format!("after {gap} s");
    let expected = format!("within {RESET_LIMIT} s");
    inquiry.assert("begins-anew", gap <= RESET_LIMIT, expected, actual, format!("timeline/{POD}/{MAIN}"));
    Ok(())
}

/// Returns when the instance after `restarts` restarts started, if this status shows it running.
fn start_of(seen: &SeenPod, restarts: i32) -> Option<Timestamp> {
    let status = seen.container(MAIN).filter(|status| status.restart_count == restarts)?;
    Some(status.state.as_ref()?.running.as_ref()?.started_at.as_ref()?.0)
}

fn most_restarts(seen: &Evidence, uid: &str) -> Result<i32, Missing> {
    let counts = seen.states(uid).filter_map(|state| Some(state.container(MAIN)?.restart_count));
    counts.max().ok_or_else(|| Missing::new("the container"))
}
