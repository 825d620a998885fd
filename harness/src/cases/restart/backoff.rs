//! How long a container that ends again and again waits for its next start.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ContainerStateTerminated;

use crate::cases::case::Case;
use crate::cases::comeback::{MAIN, until_end_told};
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed, SeenEvent, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Progress, Stage};

pub(super) const POD: &str = "single";

/// The reason of a container that waits for its next start.
const WAITING: &str = "CrashLoopBackOff";

/// How the message of such a container begins, before the delay.
const SAYS_DELAY: &str = "back-off ";

/// How long each restart is put off, in seconds, counted from the end before it.
const DELAYS: [i64; 4] = [0, 10, 20, 40];

pub(super) const CRASHLOOP_REASON: Case = Case {
    id: "restart/crashloop-reason",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(crash_until_put_off(stage)),
    judge: judge_reason,
};

pub(super) const BACKOFF_SEQUENCE: Case = Case {
    id: "restart/backoff-sequence",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(crash_five_times(stage)),
    judge: judge_delays,
};

async fn crash_until_put_off(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    let look = |seen: &SeenPod| (is_put_off(seen) || seen.is_terminal()).then_some(());
    stage.until_pod("a restart that is put off", stage.budgets().pod_done(), &pod, look).await?;
    stage
        .until("an event that says so", stage.budgets().pod_done(), |seen: &Observed| {
            let told = seen.events.iter().any(|event| is_about(event, &pod.uid));
            let over = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
            if told || over { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn is_put_off(seen: &SeenPod) -> bool {
    let state = seen.container(MAIN).and_then(|status| status.state.as_ref());
    let waiting = state.and_then(|state| state.waiting.as_ref());
    waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(WAITING))
}

fn is_about(seen: &SeenEvent, uid: &str) -> bool {
    let event = &seen.event;
    event.reason.as_deref() == Some("BackOff") && event.involved_object.uid.as_deref() == Some(uid)
}

fn judge_reason(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let end = seen.ending(uid, MAIN, 0)?;
    Inquiry::premise("a crash with exit code 1", end.value.exit_code == 1)?;
    let put_off: Vec<_> = seen.states(uid).filter(|state| is_put_off(state)).collect();
    let pointer = format!("timeline/{POD}/{MAIN}");
    let Some(last) = put_off.last() else {
        let last = seen.last(uid)?;
        Inquiry::premise("a restart that is put off, or the end of the pod", last.is_terminal())?;
        say.assert("waits-in-crashloopbackoff", false, WAITING, last.phase(), pointer);
        return Ok(());
    };
    say.assert("waits-in-crashloopbackoff", true, WAITING, WAITING, &pointer);
    say.assert_equal("phase-is-running", &"Running", &last.phase(), pointer);
    let event = seen.events.iter().find(|event| is_about(event, uid));
    let event = event.ok_or_else(|| Missing::new("an event with the reason BackOff"))?;
    let told = format!(
        "{} {}",
        event.event.type_.as_deref().unwrap_or_default(),
        event.event.involved_object.field_path.as_deref().unwrap_or_default()
    );
    let expected = format!("Warning spec.containers{{{MAIN}}}");
    say.assert_equal("event-warns", &expected, &told, "events");
    Ok(())
}

async fn crash_five_times(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    for (restart, _) in (1..).zip(DELAYS) {
        until_restart(stage, &pod, restart, stage.budgets().pod_done()).await?;
    }
    for (nth, _) in (0..).zip(0..=DELAYS.len()) {
        until_end_told(stage, &pod, MAIN, nth).await?;
    }
    Ok(())
}

/// Waits for a restart that was counted: the instance may have ended before it was seen to run.
pub(super) async fn until_restart(
    stage: &Stage,
    pod: &PodRef,
    restart: i32,
    patience: Duration,
) -> Result<(), Blocked> {
    let what = format!("restart {restart} of container {MAIN}");
    let look = |seen: &SeenPod| (seen.container(MAIN)?.restart_count >= restart).then_some(());
    stage.until_pod(&what, patience, pod, look).await
}

/// The API tells times in whole seconds, cut off: a gap is up to a second longer or shorter than it looks.
fn judge_delays(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let pointer = format!("timeline/{POD}/{MAIN}");
    let most = seen.states(uid).filter_map(|state| Some(state.container(MAIN)?.restart_count)).max();
    let most = most.ok_or_else(|| Missing::new("the container"))?;
    let expected = i32::try_from(DELAYS.len()).unwrap_or(i32::MAX);
    if most < expected {
        let over = seen.last(uid)?.is_terminal();
        Inquiry::premise("four restarts, or the end of the pod", over)?;
    }
    say.assert("goes-on-restarting", most >= expected, "four restarts", format!("{most}"), &pointer);
    if most < expected {
        return Ok(());
    }
    let mut before = seen.ending(uid, MAIN, 0)?.value;
    for ((restart, nominal), nth) in (1..).zip(DELAYS).zip(1..) {
        let end = seen.ending(uid, MAIN, nth)?.value;
        let gap = gap(&before, end.started_at.as_ref().map(|time| time.0))?;
        let told = format!("restart {restart} after {gap} s");
        let least = nominal - 1;
        premise_early(seen, uid, restart, (gap, least))?;
        say.assert("not-before-its-time", gap >= least, format!("{nominal} s or more"), &told, &pointer);
        let latest = 2 * nominal + 30;
        premise_put_off(seen, uid, restart, (gap, latest))?;
        say.assert("not-much-later", gap <= latest, format!("{latest} s at most"), told, &pointer);
        before = end;
    }
    Ok(())
}

/// Requires of a restart that came after more than `latest` seconds that its kubelet puts it off for so long itself: a node
/// that is short of time may restart a container any time later.
pub(super) fn premise_put_off(
    seen: &Evidence,
    uid: &str,
    restart: i32,
    (gap, latest): (i64, i64),
) -> Result<(), Missing> {
    let said = seen.states(uid).filter_map(|state| put_off_for(state, restart)).max();
    let says = said.map_or_else(|| "nothing".to_owned(), |seconds| format!("{seconds} s"));
    let what = format!(
        "a kubelet that puts off restart {restart} for more than {latest} s (it came after {gap} s, and the kubelet says {says})"
    );
    Inquiry::premise(&what, gap <= latest || said > Some(latest))
}

/// Requires of a restart that came after fewer than `least` seconds by the node's clock that it was seen so early as well:
/// that clock may have been set back meanwhile, and ours goes on steadily.
pub(super) fn premise_early(
    seen: &Evidence,
    uid: &str,
    restart: i32,
    (gap, least): (i64, i64),
) -> Result<(), Missing> {
    if gap >= least {
        return Ok(());
    }
    let as_seen = seen_gap(seen, uid, restart).ok_or_else(|| Missing::new("an end and the next start"))?;
    let what = format!(
        "a clock of the node that goes on steadily (restart {restart} came after {gap} s by it, after {as_seen} s as seen)"
    );
    Inquiry::premise(&what, as_seen < least)
}

/// The seconds between the first sight of an instance's end and that of the next start, rounded up. Where nobody saw the
/// end, it came after the last sight of the instance.
fn seen_gap(seen: &Evidence, uid: &str, restart: i32) -> Option<i64> {
    let count = |state: &SeenPod| state.container(MAIN).map(|status| status.restart_count);
    let next = seen.states(uid).find(|state| count(state) >= Some(restart))?.at;
    let before = || seen.states(uid).take_while(|state| count(state) < Some(restart));
    let of_the_instance = || before().filter(|state| count(state) == Some(restart - 1));
    let is_over = |state: &&SeenPod| {
        let state = state.container(MAIN).and_then(|status| status.state.as_ref());
        state.is_some_and(|state| state.running.is_none())
    };
    let end = of_the_instance().find(is_over).or_else(|| of_the_instance().last())?.at;
    let milliseconds = next.duration_since(end).as_millis();
    i64::try_from(milliseconds).ok().map(|milliseconds| (milliseconds + 999) / 1000)
}

/// For how many seconds the kubelet says in this state that it puts off this restart.
fn put_off_for(seen: &SeenPod, restart: i32) -> Option<i64> {
    let status = seen.container(MAIN).filter(|status| status.restart_count == restart - 1)?;
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let (delay, _) = waiting.message.as_deref()?.strip_prefix(SAYS_DELAY)?.split_once(' ')?;
    Some(delay.parse::<SignedDuration>().ok()?.as_secs())
}

/// The seconds between the end of an instance and the start of the next.
pub(super) fn gap(before: &ContainerStateTerminated, next: Option<Timestamp>) -> Result<i64, Missing> {
    let end = before.finished_at.as_ref().ok_or_else(|| Missing::new("the end of an instance"))?;
    let next = next.ok_or_else(|| Missing::new("the start of the next instance"))?;
    Ok(next.as_second() - end.0.as_second())
}
