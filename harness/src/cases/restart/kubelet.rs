//! What the API tells of a pod while its kubelet is restarted.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::KEEPER;
use crate::cases::premise::Expected;
use crate::cases::quiet::{restarts, watch, watched};
use crate::cases::service::{restart, restarted};
use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The moment before the kubelet is restarted, and the node's clock then.
const READY: &str = "ready";
const CLOCK: &str = "clock";

/// A kubelet keeps what the API says of a container that began more than ten seconds before it. Both times are cut to
/// whole seconds.
const OLD_ENOUGH: i64 = 12;

pub(super) const KUBELET_RESTART_STATUS: Case = Case {
    id: "restart/kubelet-restart-status",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(restart_under_a_ready_pod(stage)),
    judge: judge_status,
};

/// The manifest puts off the first question of the readiness probe: by the node's own clock the container is old
/// enough when it is ready.
async fn restart_under_a_ready_pod(stage: &Stage) -> Result<(), Blocked> {
    let keeper = stage.create(KEEPER).await?;
    stage.until_reported(&keeper, MAIN, 0, "serve").await?;
    let ready = |seen: &SeenPod| seen.is_ready().then_some(());
    stage.until_pod("a ready keeper", stage.budgets().pod_running(), &keeper, ready).await?;
    let node = stage.node_under(&keeper).await?;
    stage.mark(READY);
    stage.on_node(CLOCK, &node, ("date +%s", &[])).await?;
    restart(stage, &node, &keeper, "kubelet").await?;
    let unready = |seen: &Observed| seen.pod(&keeper.uid).is_some_and(|seen| !seen.is_ready());
    watch(stage, "a state that is not ready", unready).await
}

fn judge_status(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    let ready = seen.mark(READY)?;
    premise_old_container(seen, uid)?;
    restarted(seen)?;
    let since = || seen.states(uid).filter(|state| state.at >= ready);
    let flips = since().filter(|state| !state.is_ready()).count();
    if flips == 0 {
        watched(seen)?;
        Inquiry::premise("a pod that was ready before", seen.last(uid)?.is_ready())?;
    }
    let pointer = format!("timeline/{KEEPER}");
    say.assert("stays-ready", flips == 0, "no state that is not ready", format!("{flips} of them"), &pointer);
    say.assert_equal("nothing-restarts", &0, &restarts(seen.last(uid)?), pointer);
    Ok(())
}

/// Requires that the container had run for long enough when the kubelet was stopped.
fn premise_old_container(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let clock = seen.node_command(CLOCK)?.stdout.trim().parse::<i64>();
    let clock = clock.map_err(|_| Missing::new("the node's clock before the kubelet was restarted"))?;
    let began = seen.states(uid).find_map(|state| {
        let running = state.container(MAIN)?.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref().map(|time| time.0.as_second())
    });
    let began = began.ok_or_else(|| Missing::new("the start of the container"))?;
    let age = clock - began;
    let what = format!("a container that ran for {OLD_ENOUGH} s before the kubelet was restarted ({age} s)");
    Inquiry::premise(&what, age >= OLD_ENOUGH)
}
