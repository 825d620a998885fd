//! How the containers of a deleted pod end.
//!
//! The kubelet may remove a deleted pod before it has reported how its containers ended, so the containers log what
//! happens to them.

use jiff::{SignedDuration, Timestamp};

use crate::cases::case::Case;
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::exit_code;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, LogText, Missing, Observations, WatchChange};
use podproof_core::judge::Inquiry;

/// The pod with one container, which is called `main`.
const SINGLE: &str = "single";
const MAIN: &str = "main";

/// The pod in which two containers write a file on SIGTERM, and a third looks for both files on SIGTERM.
const THREE: &str = "three";
const WRITERS: [&str; 2] = ["first", "second"];
const OBSERVER: &str = "witness";

/// The line that each container logs when it is ready, and the line that it logs on SIGTERM.
const READY: &str = "ready";
const TERM: &str = "TERM";

/// The line that the container logs twice a second in its grace period, and the line before it exits by itself.
const TICK: &str = "tick";
const ENDS: &str = "ends";

/// The start of the line in which the observer lists the files that it found.
const FOUND: &str = "found:";

/// For how long the observer must have looked before a missing file counts. The pod's grace period is 30 seconds.
const MIN_LOOK: SignedDuration = SignedDuration::from_secs(20);

/// The lines that the container with the hook logs on SIGTERM: the hook has ended, or has not.
const HOOK_OVER: &str = "hook over";
const HOOK_NOT_OVER: &str = "hook not over";

/// The line that it logs if the hook ends later.
const HOOK_ENDED: &str = "hook ended";

/// For how long the container must have run after its line on SIGTERM. Its grace period is 8 seconds, and it may take
/// some of them to log that line.
const MIN_RUN: SignedDuration = SignedDuration::from_secs(5);

pub(super) const GRACE_PERIOD: Case = Case {
    id: "lifecycle/grace-period",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_ready(stage, SINGLE, &[MAIN])),
    judge: judge_grace,
};

pub(super) const TERM_REACHES_ALL: Case = Case {
    id: "lifecycle/term-reaches-all",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| {
        Box::pin(delete_and_read(stage, THREE, &[WRITERS[0], WRITERS[1], OBSERVER], has_found_all))
    },
    judge: judge_term,
};

pub(super) const PRESTOP_BEFORE_TERM: Case = Case {
    id: "lifecycle/prestop-before-term",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_and_read(stage, SINGLE, &[MAIN], has_seen_the_hook)),
    judge: judge_hook,
};

async fn delete_ready(stage: &Stage, pod: &str, containers: &[&str]) -> Result<(), StageError> {
    let pod = create_ready(stage, pod, containers).await?;
    stage.delete_and_wait(&pod).await
}

/// Deletes the pod, and lets its last container exit when its log satisfies `has_logged`. Until then that container
/// ignores SIGTERM, unless the kubelet kills it.
async fn delete_and_read(
    stage: &Stage,
    pod: &str,
    containers: &[&str],
    has_logged: impl Fn(&LogText) -> bool,
) -> Result<(), StageError> {
    let pod = create_ready(stage, pod, containers).await?;
    let last = containers.last().copied().unwrap_or(MAIN);
    stage.delete(&pod).await?;
    let read = |seen: &Observations| {
        let log = seen.log(&pod.uid, last, 0);
        let gone = || seen.pod(&pod.uid).is_some_and(|seen| seen.change == WatchChange::Deleted);
        let is_read = log.is_some_and(|log| has_logged(log) || log.complete) || gone();
        if is_read { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("the lines that the container logs on TERM", stage.budgets().pod_gone(), read).await?;
    stage.exec_ignoring_result("end-read", &pod, last, &["touch", "/data/read"]).await;
    stage.until_gone(&pod).await
}

async fn create_ready(stage: &Stage, pod: &str, containers: &[&str]) -> Result<PodRef, StageError> {
    let pod = stage.create(pod).await?;
    for container in containers {
        let ready = |log: &LogText| has_line(log, READY).then_some(());
        stage.until_log("a container that listens for TERM", (&pod, container, 0), ready).await?;
    }
    // Delete the pod only after the kubelet has reported that all containers run: it stops the containers it knows.
    stage.until_running(&pod).await?;
    Ok(pod)
}

fn has_found_all(log: &LogText) -> bool {
    looks(log).any(|(_, found)| found == WRITERS)
}

fn has_seen_the_hook(log: &LogText) -> bool {
    has_line(log, HOOK_OVER) || has_line(log, HOOK_ENDED)
}

fn has_line(log: &LogText, words: &str) -> bool {
    log.texts().any(|line| line == words)
}

/// Like [`lines_of_deleted`], but requires the complete log.
fn log_of_deleted<'e>(
    seen: &'e Evidence,
    pod: &str,
    container: &str,
) -> Result<(&'e str, Fact<&'e LogText>), Missing> {
    let (uid, _) = lines_of_deleted(seen, pod, container)?;
    Ok((uid, seen.log(uid, container, 0)?))
}

/// Requires that the pod was not ended by its node, was deleted, and is gone. Returns its UID and the log of a
/// container as far as it was read, which may be incomplete.
fn lines_of_deleted<'e>(
    seen: &'e Evidence,
    pod: &str,
    container: &str,
) -> Result<(&'e str, Fact<&'e LogText>), Missing> {
    let uid = &seen.applied(pod, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let last = seen.pod(uid)?;
    let is_deleted = last.pod.metadata.deletion_timestamp.is_some();
    Inquiry::premise(
        "a pod that was deleted and is gone",
        is_deleted && last.change == WatchChange::Deleted,
    )?;
    let is_from_container = |log: &&LogText| log.is_of(uid, container, 0);
    let log = seen.logs.iter().find(is_from_container);
    let log = log.ok_or_else(|| Missing::new(format!("the log of container {container}")))?;
    Ok((uid, Fact { value: log, pointer: format!("logs/{pod}/{container}.0") }))
}

fn judge_grace(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (uid, log) = log_of_deleted(seen, SINGLE, MAIN)?;
    let end = seen.ending(uid, MAIN, 0).ok().map(|end| end.value);
    let actual = match &end {
        _ if has_line(log.value, ENDS) => "an exit by itself".to_owned(),
        Some(end) => format!("exit code {}", end.exit_code),
        None => "no end".to_owned(),
    };
    let by_itself =
        has_line(log.value, ENDS) || end.as_ref().is_some_and(|end| end.exit_code != exit_code::SIGKILL);
    inquiry.assert("killed-in-the-end", !by_itself, "exit code 137, or no exit code", actual, &log.pointer);
    if by_itself {
        return Ok(());
    }
    // A container removed before its end was reported may have ended in any way.
    let end_seen = end.is_some() || seen.ended_log(uid, MAIN, 0).is_ok();
    Inquiry::premise("the end of the container, or of its log", end_seen)?;
    let term = time_of(log.value, TERM).ok_or_else(|| Missing::new("the container's line on TERM"))?;
    let by_clock = last_time_of(log.value, TICK).map(|last| last.duration_since(term)).unwrap_or_default();
    // The node's clock may be set back meanwhile, so also count the ticks, which the container logs every half second.
    let ticks = log.value.texts().skip_while(|line| *line != TERM).filter(|line| *line == TICK).count();
    let by_ticks = SignedDuration::from_millis(500 * i64::try_from(ticks).unwrap_or_default());
    let alive = by_clock.max(by_ticks);
    if alive < MIN_RUN {
        // The last lines may be missing, so use the end time of the status. It is truncated to whole seconds.
        let ended = end.and_then(|end| end.finished_at).ok_or_else(|| Missing::new("the time of the end"))?;
        let longest = ended.0.duration_since(term) + SignedDuration::from_secs(1);
        Inquiry::premise("the last lines of the container", longest < MIN_RUN)?;
    }
    let actual = format!("{:.1} s", alive.as_secs_f64());
    inquiry.assert("not-before-its-time", alive >= MIN_RUN, "5 s or more after TERM", actual, log.pointer);
    Ok(())
}

/// Returns when the runtime received the first line with this text.
fn time_of(log: &LogText, words: &str) -> Option<Timestamp> {
    log.lines.iter().find(|line| line.text == words)?.at
}

/// Returns when the runtime received the last line with this text.
fn last_time_of(log: &LogText, words: &str) -> Option<Timestamp> {
    log.lines.iter().rfind(|line| line.text == words)?.at
}

fn judge_term(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (_, log) = lines_of_deleted(seen, THREE, OBSERVER)?;
    let all = looks(log.value).find(|(_, found)| *found == WRITERS);
    let last = all.or_else(|| looks(log.value).last());
    let first = looks(log.value).next();
    let (Some((began, _)), Some((ended, found))) = (first, last) else {
        return Err(Missing::new("the files that the observer found"));
    };
    for writer in WRITERS.into_iter().filter(|writer| !found.contains(writer)) {
        // A writer that gets SIGTERM later than the observer needs time too, so a missing file counts only after a long
        // look.
        let enough = ended.zip(began).is_some_and(|(ended, began)| ended.duration_since(began) >= MIN_LOOK);
        Inquiry::premise("an observer that looked for long enough", enough)?;
        let late = lines_of_deleted(seen, THREE, writer).is_ok_and(|(_, log)| has_line(log.value, TERM));
        Inquiry::premise(&format!("the file of {writer} in time"), !late)?;
    }
    inquiry.assert_equal("each-gets-term", &WRITERS.to_vec(), &found, log.pointer);
    Ok(())
}

/// Returns the time of each look of the observer, and the files that it found.
fn looks(log: &LogText) -> impl Iterator<Item = (Option<Timestamp>, Vec<&str>)> {
    let looks = log.lines.iter().filter_map(|line| Some((line.at, line.text.strip_prefix(FOUND)?)));
    looks.map(|(at, found)| (at, found.split_whitespace().collect()))
}

fn judge_hook(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (_, log) = lines_of_deleted(seen, SINGLE, MAIN)?;
    let over = has_line(log.value, HOOK_OVER);
    Inquiry::premise("the container's line on TERM", over || has_line(log.value, HOOK_NOT_OVER))?;
    // A hook that was cut off, or never ran, does not log its end.
    Inquiry::premise("a hook that ran to its end", over || has_line(log.value, HOOK_ENDED))?;
    let actual = if over { HOOK_OVER } else { HOOK_NOT_OVER };
    inquiry.assert("hook-is-over-before-term", over, HOOK_OVER, actual, log.pointer);
    Ok(())
}
