//! What a container does not wait for that is listed after another.

use k8s_openapi::api::core::v1::ContainerStatus;

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::cases::quiet::comes_before_a_control;
use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Progress, Stage};

const POD: &str = "two";
const FIRST: &str = "first";
const SECOND: &str = "second";

/// The moment at which the second container had not begun, though it had had all the time it may take.
pub(super) const IN_VAIN: &str = "waited-in-vain";

/// What a container is told to wait for whose image cannot be had.
const PULL_FAILED: [&str; 2] = ["ErrImagePull", "ImagePullBackOff"];

/// What a container waits for that is held up by those before it only. Any other reason is a cause of its own.
const WAITS_FOR_ITS_TURN: [&str; 2] = ["ContainerCreating", "PodInitializing"];

pub(super) const NO_READY_WAIT: Case = Case {
    id: "startup/no-ready-wait",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(start_behind_the_unready(stage)),
    judge: judge_behind_the_unready,
};

pub(super) const PULL_FAILURE_ISOLATED: Case = Case {
    id: "startup/pull-failure-isolated",
    attire: Attire::Restricted,
    expects: &[Expected::NoImage(FIRST)],
    drive: |stage| Box::pin(start_behind_the_absent(stage)),
    judge: judge_behind_the_absent,
};

async fn start_behind_the_unready(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    let begun = |seen: &Observed| met_if(seen.has_begun(&pod.uid, FIRST));
    stage.until("the start of the first container", stage.budgets().pod_running(), begun).await?;
    if begins_in_time(stage, &pod, SECOND).await? {
        stage.until_running(&pod).await?;
        // The readiness probe of the first leaves a file before it fails.
        stage.probe("first-asked", &pod, SECOND, &["wait-for", "--path", "/data/asked"]).await?;
    }
    Ok(())
}

async fn start_behind_the_absent(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    let failed = |seen: &Observed| met_if(seen.pod(&pod.uid).is_some_and(pull_failed));
    stage.until("the failed pull", stage.budgets().pod_running(), failed).await?;
    if begins_in_time(stage, &pod, SECOND).await? {
        let both = |seen: &Observed| met_if(seen.pod(&pod.uid).is_some_and(|seen| both_told(seen).is_some()));
        stage.until("the second container to be told running", stage.budgets().pod_running(), both).await?;
    }
    Ok(())
}

/// Whether `container` begins while nothing but the containers before it can hold it up; marks the moment if not.
pub(super) async fn begins_in_time(stage: &Stage, pod: &PodRef, container: &str) -> Result<bool, Blocked> {
    let what = format!("the start of container {container}");
    comes_in_time(stage, &what, pod, |seen| seen.has_begun(&pod.uid, container)).await
}

/// Whether `look` comes true while nothing but the kubelet of `pod` can hold it up; marks the moment if not. On a slow node
/// it is awaited for longer: until a container that begins only then has been restarted there.
pub(super) async fn comes_in_time(
    stage: &Stage,
    what: &str,
    pod: &PodRef,
    look: impl Fn(&Observed) -> bool,
) -> Result<bool, Blocked> {
    let window = stage.budgets().next_start();
    let came = stage.unless(what, window, |seen| met_if(look(seen))).await?.is_some()
        || comes_before_a_control(stage, what, pod, look).await?;
    if !came {
        stage.mark(IN_VAIN);
    }
    Ok(came)
}

pub(super) fn met_if(there: bool) -> Progress<()> {
    if there { Progress::Met(()) } else { Progress::NotYet }
}

fn judge_behind_the_unready(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a first container that has begun", seen.has_begun(uid, FIRST))?;
    let is_ready = |state: &SeenPod| state.container(FIRST).is_some_and(|status| status.ready);
    Inquiry::premise("a first container that is never ready", !seen.states(uid).any(is_ready))?;
    assert_begins(seen, say, "second-starts", (uid, SECOND))?;
    if seen.has_begun(uid, SECOND) {
        let asked = seen.exec_report("first-asked", "wait-for")?;
        Inquiry::premise("a first container that was asked whether it is ready", asked.value.ok())?;
    }
    Ok(())
}

fn judge_behind_the_absent(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    Inquiry::premise("a failed pull", seen.states(uid).any(pull_failed))?;
    Inquiry::premise("a first container that never began", !seen.has_begun(uid, FIRST))?;
    assert_begins(seen, say, "second-starts", (uid, SECOND))?;
    let together = seen.states(uid).find_map(both_told);
    let together =
        together.ok_or_else(|| Missing::new("the failed pull and the running container at once"))?;
    say.assert_equal("pod-is-pending", &"Pending", &together.phase(), format!("timeline/{POD}"));
    Ok(())
}

/// Asserts that the container began, and not too late.
pub(super) fn assert_begins(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (uid, container): (&str, &str),
) -> Result<(), Missing> {
    let begun = seen.has_begun(uid, container);
    if !begun && let Some(why) = seen.last(uid)?.container(container).and_then(waits_for) {
        let held_up = !WAITS_FOR_ITS_TURN.contains(&why);
        Inquiry::premise(&format!("nothing else that holds up container {container} ({why})"), !held_up)?;
    }
    let in_vain = seen.mark(IN_VAIN).is_ok();
    Inquiry::premise(
        &format!("the start of container {container}, or the whole wait for it"),
        begun != in_vain,
    )?;
    say.assert(assertion, begun, "a start in time", "none", format!("timeline/{container}"));
    Ok(())
}

/// For what a container waits, as far as its status says.
fn waits_for(status: &ContainerStatus) -> Option<&str> {
    status.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

fn pull_failed(seen: &SeenPod) -> bool {
    seen.container(FIRST).and_then(waits_for).is_some_and(|reason| PULL_FAILED.contains(&reason))
}

/// This state, if it shows the second container running beside the one whose pull failed.
fn both_told(seen: &SeenPod) -> Option<&SeenPod> {
    seen.container(SECOND)?.state.as_ref()?.running.as_ref()?;
    pull_failed(seen).then_some(seen)
}
