//! How the containers of a pod end that is deleted.
//!
//! A kubelet may have forgotten the containers of a deleted pod before it told how they ended, so they tell it
//! themselves.

use jiff::{SignedDuration, Timestamp};

use crate::cases::case::Case;
use crate::cases::exchange::undisturbed;
use crate::cases::hook::hook_could_be_run;
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Fact, LogText, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

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

/// What the container with the hook logs at TERM.
const HOOK_OVER: &str = "hook over";
const HOOK_NOT_OVER: &str = "hook not over";

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
    drive: |stage| Box::pin(delete_ready(stage, THREE, &[LEAVERS[0], LEAVERS[1], WITNESS])),
    judge: judge_term,
};

pub(super) const PRESTOP_BEFORE_TERM: Case = Case {
    id: "lifecycle/prestop-before-term",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_ready(stage, SINGLE, &[MAIN])),
    judge: judge_hook,
};

async fn delete_ready(stage: &Stage, pod: &str, containers: &[&str]) -> Result<(), Blocked> {
    let pod = stage.create(pod).await?;
    for container in containers {
        let ready = |log: &LogText| says(log, READY).then_some(());
        stage.until_log("a container that listens for TERM", (&pod, container, 0), ready).await?;
    }
    // Not before the kubelet has told that all containers run: it stops what it knows.
    stage.until_running(&pod).await?;
    stage.delete_and_wait(&pod).await
}

fn says(log: &LogText, words: &str) -> bool {
    log.texts().any(|line| line == words)
}

/// Requires that the pod was left alone until it was deleted, and is gone; gives its UID and the log of a container.
fn log_of_deleted<'e>(
    seen: &'e Evidence,
    pod: &str,
    container: &str,
) -> Result<(&'e str, Fact<&'e LogText>), Missing> {
    let uid = &seen.applied(pod, 0)?.uid;
    undisturbed(seen, uid)?;
    let last = seen.last(uid)?;
    let asked = last.pod.metadata.deletion_timestamp.is_some();
    Inquiry::premise("a pod that is deleted, and gone", asked && last.change == Change::Deleted)?;
    Ok((uid, seen.log(uid, container, 0)?))
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
    let term = time_of(log.value, TERM).ok_or_else(|| Missing::new("the container's line on TERM"))?;
    let alive = last_time_of(log.value, TICK).map(|last| last.duration_since(term)).unwrap_or_default();
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
    let (_, log) = log_of_deleted(seen, THREE, WITNESS)?;
    let found = log.value.texts().find_map(|line| line.strip_prefix(FOUND));
    let found = found.ok_or_else(|| Missing::new("what the witness found"))?;
    let found: Vec<_> = found.split_whitespace().collect();
    say.assert_equal("each-gets-term", &LEAVERS.to_vec(), &found, log.pointer);
    Ok(())
}

fn judge_hook(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (uid, log) = log_of_deleted(seen, SINGLE, MAIN)?;
    hook_could_be_run(seen, uid)?;
    let over = says(log.value, HOOK_OVER);
    Inquiry::premise("the container's line on TERM", over || says(log.value, HOOK_NOT_OVER))?;
    let told = if over { HOOK_OVER } else { HOOK_NOT_OVER };
    say.assert("hook-is-over-before-term", over, HOOK_OVER, told, log.pointer);
    Ok(())
}
