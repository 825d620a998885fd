//! An init container that waits for what only a later container does.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, undisturbed};
use crate::cases::premise::Expected;
use crate::cases::quiet::{watch_kubelet, watched};
use crate::evidence::{Evidence, Missing, Observed, SeenPod, ended};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const POD: &str = "mc2";
const INIT: &str = "init";

/// The containers that come after the init container.
const LATER: [&str; 2] = [PRODUCER, CONSUMER];

pub(super) const INIT_WAIT_DEADLOCK: Case = Case {
    id: "startup/init-wait-deadlock",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(INIT), Expected::Restart(CONSUMER), Expected::Restart(PRODUCER)],
    drive: |stage| Box::pin(wait_for_nothing(stage)),
    judge: judge_deadlock,
};

async fn wait_for_nothing(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, INIT, 0, "mq-look").await?;
    if watch_kubelet(stage, "the pod to go on", &pod, |seen| goes_on(seen, &pod)).await? {
        return until_status_goes_on(stage, &pod).await;
    }
    let looked = stage.probe("queue-after", &pod, INIT, &["mq-look"]).await;
    if looked.is_err() {
        // Where the init container has ended, the pod's status will say so, however late.
        until_status_goes_on(stage, &pod).await?;
    }
    looked.map(drop)
}

/// An event may come first, and the pod's status later.
async fn until_status_goes_on(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    let later = |seen: &SeenPod| (seen.phase() != "Pending").then_some(());
    stage.until_pod("a pod that is past its init container", stage.budgets().pod_running(), pod, later).await
}

fn goes_on(seen: &Observed, pod: &PodRef) -> bool {
    let end = || ended(seen.pod(&pod.uid)?.container(INIT)?);
    end().is_some() || LATER.iter().any(|name| seen.has_begun(&pod.uid, name))
}

fn judge_deadlock(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let look = seen.log_report(uid, INIT, 0, "mq-look")?;
    Inquiry::premise_absent("an init container that found no queue", &look)?;

    let init = seen.container(uid, INIT)?;
    let begun: Vec<_> = LATER.into_iter().filter(|name| seen.has_begun(uid, name)).collect();
    let told = init.value.running || init.value.ended.is_some();
    Inquiry::premise("an init container that runs or has ended", told)?;
    if init.value.running && begun.is_empty() {
        // That nothing happened counts only when it was watched for long enough.
        watched(seen)?;
        let look = seen.exec_report("queue-after", "mq-look")?;
        Inquiry::premise_absent("still no queue after the window", &look)?;
    }
    let phase = seen.last(uid)?.phase();
    let told = format!("running: {}, {phase}", init.value.running);
    say.assert_equal("stays-in-init", &"running: true, Pending", &told.as_str(), init.pointer);
    let told = begun.join(" ");
    say.assert(
        "nothing-else-starts",
        begun.is_empty(),
        "no other container",
        told,
        format!("timeline/{POD}"),
    );
    Ok(())
}
