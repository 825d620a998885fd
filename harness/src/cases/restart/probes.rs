//! A container that its liveness probe finds sick.

use crate::cases::case::Case;
use crate::cases::comeback::{
    End, MAIN, SIBLING, ask_sibling, assert_sibling_goes_on, came_back, end_once, order_end, until_end_told,
};
use crate::cases::hook::hook_could_be_run;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// What each instance of `main` reports when it can be asked whether it is well.
const READY: &str = "serve";

/// What `main` has while it is well.
const ALIVE: &str = "/data/alive";

/// What the hook leaves behind.
const MARKER: &str = "/data/marker";

/// The exit codes of the probe after TERM, and of a process that SIGKILL ended.
const TERMINATED: i32 = 143;
const KILLED: i32 = 137;

pub(super) const LIVENESS_SCOPE: Case = Case {
    id: "restart/liveness-scope",
    attire: Attire::Restricted,
    expects: &[Expected::Restart],
    drive: |stage| Box::pin(fall_sick(stage)),
    judge: judge_scope,
};

pub(super) const PRESTOP_NOT_ON_CRASH: Case = Case {
    id: "restart/prestop-not-on-crash",
    attire: Attire::Restricted,
    expects: &[Expected::Restart],
    drive: |stage| Box::pin(crash_and_fall_sick(stage)),
    judge: judge_hook,
};

async fn fall_sick(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, READY, End::Unwell(ALIVE)).await?;
    ask_sibling(stage, &pair).await
}

async fn crash_and_fall_sick(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, READY, End::Killed("serve")).await?;
    order_end(stage, &pair, 1, End::Unwell(ALIVE)).await?;
    until_end_told(stage, &pair, MAIN, 1).await?;
    stage.probe("marker-after", &pair, SIBLING, &["stat", "--path", MARKER]).await.map(drop)
}

fn judge_scope(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, TERMINATED)?;
    assert_sibling_goes_on(seen, say, "sibling-goes-on", uid)
}

fn judge_hook(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, KILLED)?;
    let before = seen.log_report_on((uid, MAIN, 0), "stat", MARKER)?;
    Inquiry::premise_absent("no marker at first", &before)?;
    let after_crash = seen.log_report_on((uid, MAIN, 1), "stat", MARKER)?;
    say.assert_absent("no-hook-after-a-crash", &after_crash)?;

    let end = seen.ending(uid, MAIN, 1)?;
    Inquiry::premise("a second end that the kubelet asked for", end.value.exit_code == TERMINATED)?;
    hook_could_be_run(seen, uid)?;
    let after_probe = seen.exec_report("marker-after", "stat")?;
    let ran = after_probe.value.present()?;
    say.assert("hook-before-the-end", ran, "a marker", after_probe.value.to_string(), &after_probe.pointer);
    Ok(())
}
