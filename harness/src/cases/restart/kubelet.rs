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

/// The moment before the kubelet is restarted.
const READY: &str = "ready";

pub(super) const KUBELET_RESTART_STATUS: Case = Case {
    id: "restart/kubelet-restart-status",
    attire: Attire::Restricted,
    expects: &[Expected::Restart],
    drive: |stage| Box::pin(restart_under_a_ready_pod(stage)),
    judge: judge_status,
};

async fn restart_under_a_ready_pod(stage: &Stage) -> Result<(), Blocked> {
    let keeper = stage.create(KEEPER).await?;
    stage.until_reported(&keeper, MAIN, 0, "serve").await?;
    let ready = |seen: &SeenPod| seen.is_ready().then_some(());
    stage.until_pod("a ready keeper", stage.budgets().pod_running(), &keeper, ready).await?;
    let node = stage.node_under(&keeper).await?;
    stage.mark(READY);
    restart(stage, &node, &keeper, "kubelet").await?;
    let unready = |seen: &Observed| seen.pod(&keeper.uid).is_some_and(|seen| !seen.is_ready());
    watch(stage, "a state that is not ready", unready).await
}

fn judge_status(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    let ready = seen.mark(READY)?;
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
