//! The status field `started`, and the readiness probe that waits for it.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

use super::later::met_if;

const POD: &str = "main";
const MAIN: &str = "main";

/// The file that the readiness probe writes each time it runs.
const PROBED: &str = "/data/probed";

pub(super) const STARTED_FIELD: Case = Case {
    id: "startup/started-field",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start_by_probe(stage)),
    judge: judge_field,
};

async fn start_by_probe(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.until_reported(&pod, MAIN, 0, "hold").await?;
    let window = stage.budgets().quiet_window();
    let is_started = |seen: &Observations| met_if(seen.pod(&pod.uid).and_then(started) == Some(true));
    stage.observe_for("container main started", window, is_started).await?;
    // The startup probe passes when the queue exists.
    let create = ["stat", "--path", PROBED, "then", "mq-create"];
    stage.probe("queue-is-made", &pod, MAIN, &create).await?;
    let ready = |seen: &SeenPod| (seen.container(MAIN)?.ready).then_some(());
    stage.until_pod("container main ready", stage.budgets().pod_running(), &pod, ready).await?;
    stage.probe("probed-after", &pod, MAIN, &["stat", "--path", PROBED]).await?;
    Ok(())
}

fn started(seen: &SeenPod) -> Option<bool> {
    running(seen)?.started
}

fn running(seen: &SeenPod) -> Option<&ContainerStatus> {
    let status = seen.container(MAIN)?;
    status.state.as_ref()?.running.as_ref()?;
    Some(status)
}

fn judge_field(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let restarts = seen.container(uid, MAIN)?.value.restarts;
    Inquiry::premise("a container without a restart", restarts == 0)?;
    let made = seen.exec("queue-is-made")?;
    let queue = seen.exec_report("queue-is-made", "mq-create")?;
    Inquiry::premise("a queue that was made by the drive", queue.value.number("created")? == 1)?;

    // A status received before the command started was true before the queue existed.
    let before = seen.states(uid).filter(|state| state.at <= made.started).filter_map(started).next_back();
    let before = before.ok_or_else(|| Missing::new("`started` before the queue existed"))?;
    inquiry.assert_equal("false-at-first", &false, &before, format!("timeline/{POD}"));
    let probed = seen.exec_report("queue-is-made", "stat")?;
    inquiry.assert_absent("not-probed-before", &probed)?;

    let probed = seen.exec_report("probed-after", "stat")?;
    Inquiry::premise("a readiness probe that wrote its file", probed.value.present()?)?;
    let last = seen.pod(uid)?;
    let now = started(last).ok_or_else(|| Missing::new("`started` of the running container at the end"))?;
    inquiry.assert_equal("true-in-the-end", &true, &now, format!("timeline/{POD}"));
    Ok(())
}
