//! How the containers of a pod end that is deleted.
//!
//! A kubelet may have forgotten the containers of a deleted pod before it told how they ended, so they tell it
//! themselves.

use jiff::{SignedDuration, Timestamp};

use crate::cases::case::Case;
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Fact, LogText, Missing, Observed};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Progress, Stage};

/// The pod with one container, which is called `main`.
const SINGLE: &str = "single";
const MAIN: &str = "main";

/// The pod of which two containers leave a file at TERM, and a third looks for these files at TERM.
const THREE: &str = "three";
const LEAVERS: [&str; 2] = ["first", "second"];
const WITNESS: &str = "witness";

/// What each container logs when it is ready, and at TERM.
const READY: &str = "ready";
const TERM: &str = "TERM";

/// What the container with the grace period logs twice a second, and before it ends by itself.
const TICK: &str = "tick";
const ENDS: &str = "ends";

/// With what the witness begins the line on the files that it found.
const FOUND: &str = "found:";

/// For how long the witness must have looked in vain, of the pod's grace period of 30 seconds.
const LOOKED: SignedDuration = SignedDuration::from_secs(20);

/// What the container with the hook logs at TERM.
const HOOK_OVER: &str = "hook over";
const HOOK_NOT_OVER: &str = "hook not over";

/// What it logs when the hook comes to its end after that.
const HOOK_ENDED: &str = "hook ended";

/// For how long the container must be seen to go on after TERM: its grace period is 8 seconds, of which it may take some
/// to tell of TERM.
const LEAST: SignedDuration = SignedDuration::from_secs(5);

/// The exit code of a process that SIGKILL ended.
const KILLED: i32 = 137;

pub(super) const GRACE_PERIOD: Case = Case {
    id: "lifecycle/grace-period",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_ready(stage, SINGLE, &[MAIN])),
    judge: judge_grace,
};

pub(super) const TERM_REACHES_ALL: Case = Case {
    id: "lifecycle/term-reaches-all",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_and_read(stage, THREE, &[LEAVERS[0], LEAVERS[1], WITNESS], has_found_all)),
    judge: judge_term,
};

pub(super) const PRESTOP_BEFORE_TERM: Case = Case {
    id: "lifecycle/prestop-before-term",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_and_read(stage, SINGLE, &[MAIN], has_seen_the_hook)),
    judge: judge_hook,
};

async fn delete_ready(stage: &Stage, pod: &str, containers: &[&str]) -> Result<(), Blocked> {
    let pod = ready(stage, pod, containers).await?;
    stage.delete_and_wait(&pod).await
}

/// Deletes the pod, whose last container stays at TERM until its log has been read that far, or the kubelet kills it.
async fn delete_and_read(
    stage: &Stage,
    pod: &str,
    containers: &[&str],
    has_logged: impl Fn(&LogText) -> bool,
) -> Result<(), Blocked> {
    let pod = ready(stage, pod, containers).await?;
    let last = containers.last().copied().unwrap_or(MAIN);
    stage.delete(&pod).await?;
    let read = |seen: &Observed| {
        let log = seen.log(&pod.uid, last, 0);
        let gone = || seen.pod(&pod.uid).is_some_and(|seen| seen.change == Change::Deleted);
        let over = log.is_some_and(|log| has_logged(log) || log.complete) || gone();
        if over { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("what the container logs at TERM", stage.budgets().pod_gone(), read).await?;
    stage.order("end-read", &pod, last, &["touch", "/data/read"]).await;
    stage.until_gone(&pod).await
}

async fn ready(stage: &Stage, pod: &str, containers: &[&str]) -> Result<PodRef, Blocked> {
    let pod = stage.create(pod).await?;
    for container in containers {
        let ready = |log: &LogText| says(log, READY).then_some(());
        stage.until_log("a container that listens for TERM", (&pod, container, 0), ready).await?;
    }
    // Not before the kubelet has told that all containers run: it stops what it knows.
    stage.until_running(&pod).await?;
    Ok(pod)
}

fn has_found_all(log: &LogText) -> bool {
    looks(log).any(|(_, found)| found == LEAVERS)
}

fn has_seen_the_hook(log: &LogText) -> bool {
    says(log, HOOK_OVER) || says(log, HOOK_ENDED)
}

fn says(log: &LogText, words: &str) -> bool {
    log.texts().any(|line| line == words)
}

/// The same with the whole log.
fn log_of_deleted<'e>(
    seen: &'e Evidence,
    pod: &str,
    container: &str,
) -> Result<(&'e str, Fact<&'e LogText>), Missing> {
    let (uid, _) = lines_of_deleted(seen, pod, container)?;
    Ok((uid, seen.log(uid, container, 0)?))
}

/// Requires that the pod was left alone until it was deleted, and is gone; gives its UID and the log of a container as far
/// as it was read. What is in it was logged, also where the kubelet gave no more when it was asked again.
fn lines_of_deleted<'e>(
    seen: &'e Evidence,
    pod: &str,
    container: &str,
) -> Result<(&'e str, Fact<&'e LogText>), Missing> {
    let uid = &seen.applied(pod, 0)?.uid;
    undisturbed(seen, uid)?;
    let last = seen.last(uid)?;
    let asked = last.pod.metadata.deletion_timestamp.is_some();
    Inquiry::premise("a pod that is deleted, and gone", asked && last.change == Change::Deleted)?;
    let is_it = |log: &&LogText| log.uid == *uid && log.container == container && log.restart == 0;
    let log = seen.logs.iter().find(is_it);
    let log = log.ok_or_else(|| Missing::new(format!("the log of container {container}")))?;
    Ok((uid, Fact { value: log, pointer: format!("logs/{pod}/{container}.0") }))
}

fn judge_grace(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (uid, log) = log_of_deleted(seen, SINGLE, MAIN)?;
    let end = seen.ending(uid, MAIN, 0).ok().map(|end| end.value);
    let told = match &end {
        _ if says(log.value, ENDS) => "an end of its own".to_owned(),
        Some(end) => format!("exit code {}", end.exit_code),
        None => "no end".to_owned(),
    };
    let by_itself = says(log.value, ENDS) || end.as_ref().is_some_and(|end| end.exit_code != KILLED);
    say.assert("killed-in-the-end", !by_itself, "exit code 137, or none told", told, &log.pointer);
    if by_itself {
        return Ok(());
    }
    // A container that is forgotten before its end was seen may have ended in any way.
    let end_seen = end.is_some() || seen.ended_log(uid, MAIN, 0).is_ok();
    Inquiry::premise("the end of the container, or of its log", end_seen)?;
    let term = time_of(log.value, TERM).ok_or_else(|| Missing::new("the container's line on TERM"))?;
    let by_clock = last_time_of(log.value, TICK).map(|last| last.duration_since(term)).unwrap_or_default();
    // A node's clock may be set back meanwhile, which changes nothing about how often the container slept for half a second.
    let ticks = log.value.texts().skip_while(|line| *line != TERM).filter(|line| *line == TICK).count();
    let by_ticks = SignedDuration::from_millis(500 * i64::try_from(ticks).unwrap_or_default());
    let alive = by_clock.max(by_ticks);
    if alive < LEAST {
        // The last lines may be lost; the time of the end says more, cut off to whole seconds.
        let ended = end.and_then(|end| end.finished_at).ok_or_else(|| Missing::new("the time of the end"))?;
        let most = ended.0.duration_since(term) + SignedDuration::from_secs(1);
        Inquiry::premise("the last lines of the container", most < LEAST)?;
    }
    let told = format!("{:.1} s", alive.as_secs_f64());
    say.assert("not-before-its-time", alive >= LEAST, "5 s or more after TERM", told, log.pointer);
    Ok(())
}

/// When the runtime received the first such line.
fn time_of(log: &LogText, words: &str) -> Option<Timestamp> {
    log.lines.iter().find(|line| line.text == words)?.at
}

fn last_time_of(log: &LogText, words: &str) -> Option<Timestamp> {
    log.lines.iter().rfind(|line| line.text == words)?.at
}

fn judge_term(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (_, log) = lines_of_deleted(seen, THREE, WITNESS)?;
    let all = looks(log.value).find(|(_, found)| *found == LEAVERS);
    let last = all.or_else(|| looks(log.value).last());
    let first = looks(log.value).next();
    let (Some((began, _)), Some((ended, found))) = (first, last) else {
        return Err(Missing::new("what the witness found"));
    };
    for leaver in LEAVERS.into_iter().filter(|leaver| !found.contains(leaver)) {
        // Those that get TERM later than the witness have as much time, and a slow node may be later still.
        let enough = ended.zip(began).is_some_and(|(ended, began)| ended.duration_since(began) >= LOOKED);
        Inquiry::premise("a witness that looked for long enough", enough)?;
        let late = lines_of_deleted(seen, THREE, leaver).is_ok_and(|(_, log)| says(log.value, TERM));
        Inquiry::premise(&format!("the file of {leaver} in time"), !late)?;
    }
    say.assert_equal("each-gets-term", &LEAVERS.to_vec(), &found, log.pointer);
    Ok(())
}

/// Each look of the witness: when, and what it found.
fn looks(log: &LogText) -> impl Iterator<Item = (Option<Timestamp>, Vec<&str>)> {
    let looks = log.lines.iter().filter_map(|line| Some((line.at, line.text.strip_prefix(FOUND)?)));
    looks.map(|(at, found)| (at, found.split_whitespace().collect()))
}

fn judge_hook(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (_, log) = lines_of_deleted(seen, SINGLE, MAIN)?;
    let over = says(log.value, HOOK_OVER);
    Inquiry::premise("the container's line on TERM", over || says(log.value, HOOK_NOT_OVER))?;
    // One that was cut off, or not run, never comes to its end.
    Inquiry::premise("a hook that came to its end", over || says(log.value, HOOK_ENDED))?;
    let told = if over { HOOK_OVER } else { HOOK_NOT_OVER };
    say.assert("hook-is-over-before-term", over, HOOK_OVER, told, log.pointer);
    Ok(())
}
