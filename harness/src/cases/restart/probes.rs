//! A container that its liveness probe finds sick.

use k8s_openapi::api::core::v1::ContainerStateTerminated;

use crate::cases::case::Case;
use crate::cases::comeback::{
    End, MAIN, SIBLING, ask_sibling, assert_sibling_goes_on, came_back, end_once, order_end, until_end_told,
};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

/// What each instance of `main` reports when it can be asked whether it is well.
const READY: &str = "serve";

/// What `main` has while it is well.
const ALIVE: &str = "/data/alive";

/// What the hook leaves behind.
const MARKER: &str = "/data/marker";

/// The exit codes of the probe after TERM, and of a process that SIGKILL ended.
const TERMINATED: i32 = 143;
const KILLED: i32 = 137;

/// How often `main` is started in all.
const STARTS: i32 = 3;

/// The seconds from the kubelet's decision to TERM in which a hook cannot have run out of its grace period of 30 seconds.
const IN_TIME: i64 = 20;

pub(super) const LIVENESS_SCOPE: Case = Case {
    id: "restart/liveness-scope",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Restart(SIBLING)],
    drive: |stage| Box::pin(fall_sick(stage)),
    judge: judge_scope,
};

pub(super) const PRESTOP_NOT_ON_CRASH: Case = Case {
    id: "restart/prestop-not-on-crash",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
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
    let looked = stage.probe("marker-after", &pair, SIBLING, &["stat", "--path", MARKER]).await?;
    let there = |report: ProbeReport| report.present() == Ok(true);
    if looked.stdout.lines().filter_map(ProbeReport::parse).any(there) {
        return Ok(());
    }
    // What a kubelet says of the next start it says after what it had to say of the hook.
    let said = |seen: &Observed| {
        let said = seen.starts(&pair.uid, MAIN) >= STARTS;
        if said { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("the event of the third start", stage.budgets().pod_done(), said).await
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
    let after_probe = seen.exec_report("marker-after", "stat")?;
    let ran = after_probe.value.present()?;
    if !ran {
        premise_hook_had_its_time(seen, uid, &end.value)?;
    }
    say.assert("hook-before-the-end", ran, "a marker", after_probe.value.to_string(), &after_probe.pointer);
    Ok(())
}

/// Requires that a hook of which nothing is left was not cut off: its kubelet would have said so before it said that it
/// started the container again, and TERM would have come late.
fn premise_hook_had_its_time(
    seen: &Evidence,
    uid: &str,
    end: &ContainerStateTerminated,
) -> Result<(), Missing> {
    let starts = seen.starts(uid, MAIN);
    Inquiry::premise("what the kubelet said up to the third start", starts >= STARTS)?;
    let decided = seen.event_about(uid, MAIN, "Killing")?.event.last_timestamp.as_ref();
    let seconds =
        decided.zip(end.finished_at.as_ref()).map(|(from, to)| to.0.as_second() - from.0.as_second());
    let seconds = seconds.ok_or_else(|| Missing::new("the times of the second end"))?;
    Inquiry::premise(&format!("a hook that had its time ({seconds} s)"), seconds <= IN_TIME)
}
