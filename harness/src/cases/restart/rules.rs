//! Restart rules: container restarts that depend on exit codes.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, premise_rule_applied};
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::never_happens::{premise_watched, watch_window};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

/// The pod with one container, which is called `main`.
const SINGLE: &str = "single";

/// The pod whose containers are restarted together: an init container, the container whose exit code triggers it, one
/// that has ended, and one that runs.
const ALL: &str = "all";
const INIT: &str = "init";
const TRIGGER: &str = "trigger";
const DONE: &str = "done";
const STEADY: &str = "steady";

/// The exit code that the rules name.
const LISTED: i32 = 42;

/// The pod condition that is true while all containers are being restarted.
const RESTARTING: &str = "AllContainersRestarting";

pub(super) const RULES_EXITCODE: Case = Case {
    id: "restart/rules-exitcode",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(exit_in_two_ways(stage)),
    judge: judge_codes,
};

pub(super) const RESTART_ALL: Case = Case {
    id: "restart/restart-all",
    pod_profile: PodProfile::Restricted,
    allows: &[
        Disturbance::KillOrRestart(INIT),
        Disturbance::KillOrRestart(TRIGGER),
        Disturbance::KillOrRestart(DONE),
        Disturbance::KillOrRestart(STEADY),
        Disturbance::Outage,
    ],
    drive: |stage| Box::pin(restart_all(stage)),
    judge: judge_all,
};

async fn exit_in_two_ways(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(SINGLE).await?;
    stage.until_terminal(&pod).await
}

async fn restart_all(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(ALL).await?;
    try_join!(
        stage.until_reported(&pod, TRIGGER, 0, "identity"),
        stage.until_reported(&pod, STEADY, 0, "hold"),
        stage.until_ended(&pod, DONE),
    )?;
    stage.probe("end", &pod, STEADY, &["write", "--path", "/data/go", "--text", "now"]).await?;
    stage.until_ended(&pod, TRIGGER).await?;
    let restarted = |seen: &Observations| seen.pod(&pod.uid).is_some_and(all_restarted);
    watch_window(stage, "a restart of all containers", stage.budgets().restart(), restarted).await?;
    until_reported_again(stage, &pod).await
}

/// Returns whether all containers have been restarted, and the restart is complete.
fn all_restarted(seen: &SeenPod) -> bool {
    let restarted = |name| seen.container(name).is_some_and(|status| status.restart_count > 0);
    [INIT, TRIGGER, DONE, STEADY].into_iter().all(restarted) && seen.condition(RESTARTING) != Some(true)
}

async fn until_reported_again(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    try_join!(
        stage.until_reported(pod, TRIGGER, 1, "identity"),
        stage.until_reported(pod, STEADY, 1, "read")
    )?;
    Ok(())
}

fn count(seen: &SeenPod, container: &str) -> i32 {
    seen.container(container).map_or(0, |status| status.restart_count)
}

fn judge_codes(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SINGLE, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let first = seen.ending(uid, MAIN, 0)?;
    Inquiry::premise("an exit code that the rule lists", first.value.exit_code == LISTED)?;
    let last = seen.pod(uid)?;
    Inquiry::premise("the end of the pod", last.is_terminal())?;
    let restarts = count(last, MAIN);
    inquiry.assert(
        "listed-code-restarts",
        restarts > 0,
        "a restart",
        format!("restarts: {restarts}"),
        first.pointer,
    );
    if restarts == 0 {
        return Ok(());
    }
    let second = seen.ending(uid, MAIN, 1)?;
    Inquiry::premise("a second exit code that the rule does not list", second.value.exit_code == 1)?;
    inquiry.assert_equal("other-code-is-final", &1, &restarts, second.pointer);
    inquiry.assert_equal("pod-fails", &"Failed", &last.phase(), format!("timeline/{SINGLE}"));
    Ok(())
}

fn judge_all(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(ALL, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    premise_rule_applied(seen, uid, TRIGGER, LISTED)?;
    let last = seen.pod(uid)?;
    let pointer = format!("timeline/{ALL}");
    let restarts = [INIT, TRIGGER, DONE, STEADY].map(|name| (name, count(last, name)));
    let expected = restarts.map(|(name, _)| (name, 1));
    let restarting = last.condition(RESTARTING) == Some(true);
    if restarts != expected || restarting {
        premise_watched(seen)?;
    }
    inquiry.assert_equal("all-are-restarted", &expected, &restarts, &pointer);
    if restarts != expected {
        return Ok(());
    }
    // Do not require a status with the condition true: it may be true too briefly to be seen.
    let condition = format!("{RESTARTING}: {:?}", last.condition(RESTARTING));
    inquiry.assert("restart-is-over", !restarting, format!("{RESTARTING} not true"), condition, &pointer);
    let starts = seen.log_report(uid, STEADY, 1, "read")?;
    inquiry.assert_found("init-runs-again", &starts, "content", "1\n2\n")?;
    let [before, after] =
        [seen.log_report(uid, TRIGGER, 0, "identity")?, seen.log_report(uid, TRIGGER, 1, "identity")?];
    for name in ["ipc", "net", "uts"] {
        let [before, after] = [before.value.namespace(name)?, after.value.namespace(name)?];
        inquiry.assert_equal("sandbox-is-kept", &before, &after, &pointer);
    }
    Ok(())
}
