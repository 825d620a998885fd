//! The back-off delay before each restart of a container that keeps failing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ContainerStateTerminated;

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, until_end_reported};
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenEvent, SeenPod};
use podproof_core::judge::Inquiry;

pub(super) const POD: &str = "single";

/// The waiting reason of a container during its back-off delay.
const WAITING: &str = "CrashLoopBackOff";

/// The start of the waiting message, before the delay.
const DELAY_PREFIX: &str = "back-off ";

/// The nominal delay of each restart, in seconds, counted from the end of the instance before it.
const DELAYS: [i64; 4] = [0, 10, 20, 40];

pub(super) const CRASHLOOP_REASON: Case = Case {
    id: "restart/crashloop-reason",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(crash_until_backoff(stage)),
    judge: judge_reason,
};

pub(super) const BACKOFF_SEQUENCE: Case = Case {
    id: "restart/backoff-sequence",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(crash_five_times(stage)),
    judge: judge_delays,
};

async fn crash_until_backoff(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let look = |seen: &SeenPod| (is_backing_off(seen) || seen.is_terminal()).then_some(());
    stage.until_pod("container main in CrashLoopBackOff", stage.budgets().pod_done(), &pod, look).await?;
    stage
        .until("an event with the reason BackOff", stage.budgets().pod_done(), |seen: &Observations| {
            let has_event = seen.events.iter().any(|event| is_backoff_event(event, &pod.uid));
            let has_ended = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
            if has_event || has_ended { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn is_backing_off(seen: &SeenPod) -> bool {
    let state = seen.container(MAIN).and_then(|status| status.state.as_ref());
    let waiting = state.and_then(|state| state.waiting.as_ref());
    waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(WAITING))
}

fn is_backoff_event(seen: &SeenEvent, uid: &str) -> bool {
    let event = &seen.event;
    event.reason.as_deref() == Some("BackOff") && event.involved_object.uid.as_deref() == Some(uid)
}

fn judge_reason(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let end = seen.ending(uid, MAIN, 0)?;
    Inquiry::premise("a crash with exit code 1", end.value.exit_code == 1)?;
    let backing_off: Vec<_> = seen.states(uid).filter(|state| is_backing_off(state)).collect();
    let pointer = format!("timeline/{POD}/{MAIN}");
    let Some(last) = backing_off.last() else {
        let last = seen.pod(uid)?;
        Inquiry::premise("a container in CrashLoopBackOff, or the end of the pod", last.is_terminal())?;
        inquiry.assert("waits-in-crashloopbackoff", false, WAITING, last.phase(), pointer);
        return Ok(());
    };
    inquiry.assert("waits-in-crashloopbackoff", true, WAITING, WAITING, &pointer);
    inquiry.assert_equal("phase-is-running", &"Running", &last.phase(), pointer);
    let event = seen.events.iter().find(|event| is_backoff_event(event, uid));
    let event = event.ok_or_else(|| Missing::new("an event with the reason BackOff"))?;
    let actual = format!(
        "{} {}",
        event.event.type_.as_deref().unwrap_or_default(),
        event.event.involved_object.field_path.as_deref().unwrap_or_default()
    );
    let expected = format!("Warning spec.containers{{{MAIN}}}");
    inquiry.assert_equal("event-warns", &expected, &actual, "events");
    Ok(())
}

async fn crash_five_times(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    for (restart, _) in (1..).zip(DELAYS) {
        until_restart(stage, &pod, restart, stage.budgets().pod_done()).await?;
    }
    for (nth, _) in (0..).zip(0..=DELAYS.len()) {
        until_end_reported(stage, &pod, MAIN, nth).await?;
    }
    Ok(())
}

/// Waits until `main` has been restarted `restart` times. The new instance may already have ended.
pub(super) async fn until_restart(
    stage: &Stage,
    pod: &PodRef,
    restart: i32,
    budget: Duration,
) -> Result<(), StageError> {
    let what = format!("restart {restart} of container {MAIN}");
    let look = |seen: &SeenPod| (seen.container(MAIN)?.restart_count >= restart).then_some(());
    stage.until_pod(&what, budget, pod, look).await
}

/// The API truncates times to whole seconds, so a gap may be up to a second longer or shorter than measured.
fn judge_delays(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let pointer = format!("timeline/{POD}/{MAIN}");
    let most = seen.states(uid).filter_map(|state| Some(state.container(MAIN)?.restart_count)).max();
    let most = most.ok_or_else(|| Missing::new("the container"))?;
    let expected = i32::try_from(DELAYS.len()).unwrap_or(i32::MAX);
    if most < expected {
        let over = seen.pod(uid)?.is_terminal();
        Inquiry::premise("four restarts, or the end of the pod", over)?;
    }
    inquiry.assert("goes-on-restarting", most >= expected, "four restarts", format!("{most}"), &pointer);
    if most < expected {
        return Ok(());
    }
    let mut before = seen.ending(uid, MAIN, 0)?.value;
    for ((restart, nominal), nth) in (1..).zip(DELAYS).zip(1..) {
        let end = seen.ending(uid, MAIN, nth)?.value;
        let gap = gap(&before, end.started_at.as_ref().map(|time| time.0))?;
        let actual = format!("restart {restart} after {gap} s");
        let least = nominal - 1;
        premise_early(seen, uid, restart, (gap, least))?;
        inquiry.assert(
            "not-before-its-time",
            gap >= least,
            format!("{nominal} s or more"),
            &actual,
            &pointer,
        );
        let latest = 2 * nominal + 30;
        premise_not_late(seen, uid, restart, (gap, latest))?;
        inquiry.assert("not-much-later", gap <= latest, format!("{latest} s at most"), actual, &pointer);
        before = end;
    }
    Ok(())
}

/// If a restart came after more than `latest` seconds, requires that the kubelet reported such a long back-off.
/// Otherwise the restart may be late only because the node is slow.
pub(super) fn premise_not_late(
    seen: &Evidence,
    uid: &str,
    restart: i32,
    (gap, latest): (i64, i64),
) -> Result<(), Missing> {
    let delay = seen.states(uid).filter_map(|state| reported_delay(state, restart)).max();
    let reported = delay.map_or_else(|| "no delay".to_owned(), |seconds| format!("{seconds} s"));
    let what = format!(
        "a back-off of over {latest} s before restart {restart} (it came after {gap} s, the kubelet reported {reported})"
    );
    Inquiry::premise(&what, gap <= latest || delay > Some(latest))
}

/// If a restart came after fewer than `least` seconds by the node's clock, requires that podproof's own clock agrees.
/// The node's clock may have been set back meanwhile.
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
        "a node clock that was not set back (restart {restart} came after {gap} s by it, and after {as_seen} s as seen)"
    );
    Inquiry::premise(&what, as_seen < least)
}

/// Returns the seconds, rounded up, from when the end of an instance was first seen to when the next start was first
/// seen. If the end was not seen, counts from the last status of the instance.
fn seen_gap(seen: &Evidence, uid: &str, restart: i32) -> Option<i64> {
    let count = |state: &SeenPod| state.container(MAIN).map(|status| status.restart_count);
    let next = seen.states(uid).find(|state| count(state) >= Some(restart))?.at;
    let before = || seen.states(uid).take_while(|state| count(state) < Some(restart));
    let of_the_instance = || before().filter(|state| count(state) == Some(restart - 1));
    let has_ended = |state: &&SeenPod| {
        let state = state.container(MAIN).and_then(|status| status.state.as_ref());
        state.is_some_and(|state| state.running.is_none())
    };
    let end = of_the_instance().find(has_ended).or_else(|| of_the_instance().last())?.at;
    let milliseconds = next.duration_since(end).as_millis();
    i64::try_from(milliseconds).ok().map(|milliseconds| (milliseconds + 999) / 1000)
}

/// Returns the back-off before this restart, in seconds, if this status reports it.
fn reported_delay(seen: &SeenPod, restart: i32) -> Option<i64> {
    let status = seen.container(MAIN).filter(|status| status.restart_count == restart - 1)?;
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let (delay, _) = waiting.message.as_deref()?.strip_prefix(DELAY_PREFIX)?.split_once(' ')?;
    Some(delay.parse::<SignedDuration>().ok()?.as_secs())
}

/// Returns the seconds between the end of an instance and the start of the next.
pub(super) fn gap(before: &ContainerStateTerminated, next: Option<Timestamp>) -> Result<i64, Missing> {
    let end = before.finished_at.as_ref().ok_or_else(|| Missing::new("the end of an instance"))?;
    let next = next.ok_or_else(|| Missing::new("the start of the next instance"))?;
    Ok(next.as_second() - end.0.as_second())
}
