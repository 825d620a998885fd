//! How long the back-off of restarts becomes at most, and when it begins anew.

use std::time::Duration;

use jiff::Timestamp;

use super::backoff::{POD, gap, premise_early, premise_put_off, until_restart};
use crate::cases::case::Case;
use crate::cases::comeback::{MAIN, until_end_told};
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The restarts that are put off for as long as it gets: 10, 20, 40, 80 and 160 s come before.
const CAPPED: [i32; 2] = [7, 8];
/// The cap, in seconds.
const CAP: i64 = 300;
/// What a kubelet takes to notice that the time has come, in seconds, at most. Without the cap the second of the
/// restarts above would be put off for 640 s.
const LATE: i64 = 60;

/// The instance that runs for long: the restart before it was put off for 40 s.
const LONG: i32 = 4;
/// A restart that comes within these seconds was not put off by the 80 that would be next.
const AT_ONCE: i64 = 30;

pub(super) const BACKOFF_CAP: Case = Case {
    id: "restart/backoff-cap",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(crash_to_the_cap(stage)),
    judge: judge_cap,
};

pub(super) const BACKOFF_RESET: Case = Case {
    id: "restart/backoff-reset",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(run_long_between_crashes(stage)),
    judge: judge_reset,
};

async fn crash_to_the_cap(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    for restart in 1..=CAPPED[1] {
        until_restart(stage, &pod, restart, stage.budgets().capped_restart()).await?;
    }
    for nth in CAPPED[0] - 1..=CAPPED[1] {
        until_end_told(stage, &pod, MAIN, nth).await?;
    }
    Ok(())
}

fn judge_cap(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let pointer = format!("timeline/{POD}/{MAIN}");
    let most = most_restarts(seen, uid)?;
    if most < CAPPED[1] {
        Inquiry::premise("eight restarts, or the end of the pod", seen.last(uid)?.is_terminal())?;
    }
    say.assert("goes-on-restarting", most >= CAPPED[1], "8 restarts", format!("{most}"), &pointer);
    if most < CAPPED[1] {
        return Ok(());
    }
    for restart in CAPPED {
        let before = seen.ending(uid, MAIN, restart - 1)?.value;
        let next = seen.ending(uid, MAIN, restart)?.value;
        let gap = gap(&before, next.started_at.as_ref().map(|time| time.0))?;
        let told = format!("restart {restart} after {gap} s");
        premise_early(seen, uid, restart, (gap, CAP - 1))?;
        say.assert("reaches-the-cap", gap >= CAP - 1, format!("{CAP} s or more"), &told, &pointer);
        let latest = CAP + LATE;
        premise_put_off(seen, uid, restart, (gap, latest))?;
        say.assert("stays-at-the-cap", gap <= latest, format!("{latest} s at most"), told, &pointer);
    }
    Ok(())
}

async fn run_long_between_crashes(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    for restart in 1..=LONG {
        until_restart(stage, &pod, restart, stage.budgets().pod_done()).await?;
    }
    let patience: Duration = stage.budgets().long_run() + stage.budgets().capped_restart();
    until_restart(stage, &pod, LONG + 1, patience).await?;
    for nth in [LONG - 1, LONG] {
        until_end_told(stage, &pod, MAIN, nth).await?;
    }
    let runs = |seen: &SeenPod| start_of(seen, LONG + 1).map(drop);
    stage.until_pod("the start after the long run", stage.budgets().pod_running(), &pod, runs).await
}

fn judge_reset(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let before = seen.ending(uid, MAIN, LONG - 1)?.value;
    let long = seen.ending(uid, MAIN, LONG)?.value;
    let put_off = gap(&before, long.started_at.as_ref().map(|time| time.0))?;
    Inquiry::premise("a restart that was put off before the long run", put_off > AT_ONCE)?;
    Inquiry::premise("an end of the long run by itself", long.exit_code == 1)?;
    // The report comes only when the whole of the pause is over.
    seen.log_report(uid, MAIN, LONG, "pause")?;
    let start = seen.states(uid).find_map(|state| start_of(state, LONG + 1));
    let gap = gap(&long, start)?;
    premise_put_off(seen, uid, LONG + 1, (gap, AT_ONCE))?;
    let told = format!("after {gap} s");
    let expected = format!("within {AT_ONCE} s");
    say.assert("begins-anew", gap <= AT_ONCE, expected, told, format!("timeline/{POD}/{MAIN}"));
    Ok(())
}

/// When the instance after this many restarts began, where this state tells.
fn start_of(seen: &SeenPod, restarts: i32) -> Option<Timestamp> {
    let status = seen.container(MAIN).filter(|status| status.restart_count == restarts)?;
    Some(status.state.as_ref()?.running.as_ref()?.started_at.as_ref()?.0)
}

fn most_restarts(seen: &Evidence, uid: &str) -> Result<i32, Missing> {
    let counts = seen.states(uid).filter_map(|state| Some(state.container(MAIN)?.restart_count));
    counts.max().ok_or_else(|| Missing::new("the container"))
}
