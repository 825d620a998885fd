//! A container whose liveness probe fails.

use k8s_openapi::api::core::v1::ContainerStateTerminated;

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, SIBLING, assert_sibling_unaffected, premise_restarted_after_exit, probe_sibling,
    restart_main_once, trigger_end, until_end_reported,
};
use crate::cases::exit_code;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, ProbeReport};
use podproof_core::judge::Inquiry;

/// The verb that each instance of `main` reports when its liveness probe can pass.
const READY: &str = "serve";

/// The file without which the liveness probe of `main` fails.
const ALIVE: &str = "/data/alive";

/// The file that the preStop hook writes.
const MARKER: &str = "/data/marker";

/// The number of starts of `main`.
const STARTS: i32 = 3;

/// The longest time from the `Killing` event to the end, in seconds, in which a hook cannot have used up the grace
/// period of 30 seconds.
const MAX_HOOK_TIME: i64 = 20;

pub(super) const LIVENESS_SCOPE: Case = Case {
    id: "restart/liveness-scope",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::ExitOrKubeletKill(SIBLING)],
    drive: |stage| Box::pin(fail_liveness(stage)),
    judge: judge_scope,
};

pub(super) const PRESTOP_NOT_ON_CRASH: Case = Case {
    id: "restart/prestop-not-on-crash",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(crash_then_fail_liveness(stage)),
    judge: judge_hook,
};

async fn fail_liveness(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, READY, End::FailLiveness(ALIVE)).await?;
    probe_sibling(stage, &pair).await
}

async fn crash_then_fail_liveness(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, READY, End::Killed("serve")).await?;
    trigger_end(stage, &pair, 1, End::FailLiveness(ALIVE)).await?;
    until_end_reported(stage, &pair, MAIN, 1).await?;
    let look = stage.probe("marker-after", &pair, SIBLING, &["stat", "--path", MARKER]).await?;
    let exists = |report: ProbeReport| report.present() == Ok(true);
    if look.stdout.lines().filter_map(ProbeReport::parse).any(exists) {
        return Ok(());
    }
    // The kubelet sends the event of the next start after any event about the hook.
    let started = |seen: &Observations| {
        let has_event = seen.start_count(&pair.uid, MAIN) >= STARTS;
        if has_event { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("the event of the third start", stage.budgets().pod_done(), started).await
}

fn judge_scope(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, exit_code::SIGTERM)?;
    assert_sibling_unaffected(seen, inquiry, "sibling-goes-on", uid)
}

fn judge_hook(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, exit_code::SIGKILL)?;
    let before = seen.log_report_on((uid, MAIN, 0), "stat", MARKER)?;
    Inquiry::premise_absent("no marker at first", &before)?;
    let after_crash = seen.log_report_on((uid, MAIN, 1), "stat", MARKER)?;
    inquiry.assert_absent("no-hook-after-a-crash", &after_crash)?;

    let end = seen.ending(uid, MAIN, 1)?;
    Inquiry::premise("a second end by SIGTERM of the kubelet", end.value.exit_code == exit_code::SIGTERM)?;
    let after_probe = seen.exec_report("marker-after", "stat")?;
    let hook_ran = after_probe.value.present()?;
    if !hook_ran {
        premise_hook_not_cut_off(seen, uid, &end.value)?;
    }
    inquiry.assert(
        "hook-before-the-end",
        hook_ran,
        "a marker",
        after_probe.value.to_string(),
        &after_probe.pointer,
    );
    Ok(())
}

/// Requires that a hook without a trace was not cut off. Otherwise the kubelet would have sent an event about the hook
/// before the event of the next start, and the end would have come late.
fn premise_hook_not_cut_off(
    seen: &Evidence,
    uid: &str,
    end: &ContainerStateTerminated,
) -> Result<(), Missing> {
    let starts = seen.start_count(uid, MAIN);
    Inquiry::premise("the kubelet's events up to the third start", starts >= STARTS)?;
    let decided = seen.event_about(uid, MAIN, "Killing")?.event.last_timestamp.as_ref();
    let seconds =
        decided.zip(end.finished_at.as_ref()).map(|(from, to)| to.0.as_second() - from.0.as_second());
    let seconds = seconds.ok_or_else(|| Missing::new("the times of the second end"))?;
    Inquiry::premise(
        &format!("a hook that was not cut off ({seconds} s from the Killing event to the end)"),
        seconds <= MAX_HOOK_TIME,
    )
}
