//! The status of a pod while its kubelet is restarted.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::never_happens::{premise_watched, restarts, watch_quiet_window};
use crate::cases::node_disturbance::POD;
use crate::cases::node_service::{premise_service_restarted, restart_service};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

/// The mark set before the kubelet is restarted, and the label of the command that reads the node's clock then.
const READY: &str = "ready";
const CLOCK: &str = "clock";

/// The minimum age of the container, in seconds. The kubelet keeps the readiness of a container only if it started
/// more than ten seconds before the kubelet; both times are truncated to whole seconds.
const MIN_AGE: i64 = 12;

pub(super) const KUBELET_RESTART_STATUS: Case = Case {
    id: "restart/kubelet-restart-status",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(restart_with_ready_pod(stage)),
    judge: judge_status,
};

/// The manifest delays the first readiness probe, so the container is old enough by the node's clock when it is ready.
async fn restart_with_ready_pod(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, MAIN, 0, "serve").await?;
    let ready = |seen: &SeenPod| seen.all_containers_ready().then_some(());
    stage.until_pod("pod keeper ready", stage.budgets().pod_running(), &pod, ready).await?;
    let node = stage.node_under(&pod).await?;
    stage.mark(READY);
    stage.on_node(CLOCK, &node, ("date +%s", &[])).await?;
    restart_service(stage, &node, &pod, "kubelet").await?;
    let unready = |seen: &Observations| seen.pod(&pod.uid).is_some_and(|seen| !seen.all_containers_ready());
    watch_quiet_window(stage, "a status that is not ready", unready).await
}

fn judge_status(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let ready = seen.mark(READY)?;
    premise_old_container(seen, uid)?;
    premise_service_restarted(seen)?;
    let since = || seen.states(uid).filter(|state| state.at >= ready);
    let unready = since().filter(|state| !state.all_containers_ready()).count();
    if unready == 0 {
        premise_watched(seen)?;
        Inquiry::premise("a pod that was ready before", seen.pod(uid)?.all_containers_ready())?;
    }
    let pointer = format!("timeline/{POD}");
    inquiry.assert(
        "stays-ready",
        unready == 0,
        "no status that is not ready",
        format!("{unready} of them"),
        &pointer,
    );
    inquiry.assert_equal("nothing-restarts", &0, &restarts(seen.pod(uid)?), pointer);
    Ok(())
}

/// Requires that the container had run for at least [`MIN_AGE`] when the kubelet was stopped.
fn premise_old_container(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let clock = seen.node_command(CLOCK)?.stdout.trim().parse::<i64>();
    let clock = clock.map_err(|_| Missing::new("the node's clock before the kubelet was restarted"))?;
    let began = seen.states(uid).find_map(|state| {
        let running = state.container(MAIN)?.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref().map(|time| time.0.as_second())
    });
    let began = began.ok_or_else(|| Missing::new("the start of the container"))?;
    let age = clock - began;
    let what = format!("a container that ran for {MIN_AGE} s before the kubelet was restarted ({age} s)");
    Inquiry::premise(&what, age >= MIN_AGE)
}
