//! A container that ends once and comes back, beside a sibling that stays.
//!
//! Shared by the cases about container restarts. Their pod is called `pair`. Each instance of its container
//! `main` tells what it finds, leaves what it is to leave, and goes on until it is ended; `sibling` only holds.
//! The end is ordered from the sibling: a command inside `main` would be killed with it, and its own end not known.

use futures::try_join;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated};

use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Progress, Stage};

pub(super) const PAIR: &str = "pair";
pub(super) const MAIN: &str = "main";
pub(super) const SIBLING: &str = "sibling";

/// The reason of an end for lack of memory.
const STARVED: &str = "OOMKilled";

/// The reason of the event that the kubelet is about to end a container.
pub(super) const KILLING: &str = "Killing";

/// The exit codes of a process that TERM or KILL ended.
const TERM_OR_KILL: [i32; 2] = [143, 137];

/// How `main` is ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It exits by itself when a file appears.
    Told,
    /// A signal that it cannot catch ends the process with these words in its command line.
    Killed(&'static str),
    /// The kubelet ends it, because its liveness probe fails when this file is gone.
    Unwell(&'static str),
}

/// Creates the pair, ends `main` once it has reported `ready`, and waits until its next instance has done so too.
pub(super) async fn end_once(stage: &Stage, ready: &str, end: End) -> Result<PodRef, Blocked> {
    let pair = stage.create(PAIR).await?;
    try_join!(stage.until_reported(&pair, MAIN, 0, ready), stage.until_reported(&pair, SIBLING, 0, "hold"),)?;
    order_end(stage, &pair, "end", end).await?;
    until_back(stage, &pair, 1, ready).await?;
    // A kubelet may tell of the restart first, and of the end before it with a later status.
    stage
        .until("how main ended", stage.budgets().pod_done(), |seen| {
            let told = seen.timeline.iter().any(|state| state.uid() == pair.uid && tells_an_end(state));
            if told { Progress::Met(()) } else { Progress::NotYet }
        })
        .await?;
    Ok(pair)
}

/// Has the sibling bring about that `main` ends; the command is kept as `label`.
pub(super) async fn order_end(stage: &Stage, pair: &PodRef, label: &str, end: End) -> Result<(), Blocked> {
    let order: &[&str] = match &end {
        End::Told => &["write", "--path", "/data/go", "--text", "now"],
        End::Killed(words) => &["kill", "--cmdline", words, "--signal", "KILL"],
        End::Unwell(path) => &["remove", "--path", path],
    };
    stage.probe(label, pair, SIBLING, order).await.map(drop)
}

/// Waits until the instance of `main` after its `restarts`th restart has reported `ready`.
pub(super) async fn until_back(
    stage: &Stage,
    pair: &PodRef,
    restarts: i32,
    ready: &str,
) -> Result<(), Blocked> {
    stage.until_restarted(pair, MAIN, restarts).await?;
    stage.until_reported(pair, MAIN, restarts, ready).await
}

fn tells_an_end(state: &SeenPod) -> bool {
    let Some(main) = state.container(MAIN) else { return false };
    let ended = |state: Option<&ContainerState>| state.is_some_and(|state| state.terminated.is_some());
    ended(main.state.as_ref()) || ended(main.last_state.as_ref())
}

/// Requires that `main` ended with `code`, once, and came back; gives the pod's UID.
pub(super) fn came_back(seen: &Evidence, code: i32) -> Result<&str, Missing> {
    came_back_after(seen, &format!("with exit code {code} and not for lack of memory"), |end| {
        end.exit_code == code && end.reason.as_deref() != Some(STARVED)
    })
}

/// Requires that `main` ended for lack of memory, once, and came back; gives the pod's UID.
pub(super) fn came_back_from_starving(seen: &Evidence) -> Result<&str, Missing> {
    came_back_after(seen, "for lack of memory", |end| end.reason.as_deref() == Some(STARVED))
}

/// Requires that the kubelet ended `main` because it was not well, once, and that it came back; gives the pod's UID.
pub(super) fn came_back_from_kubelet(seen: &Evidence) -> Result<&str, Missing> {
    let uid = came_back_after(seen, "by TERM or KILL", |end| TERM_OR_KILL.contains(&end.exit_code))?;
    let told = seen.events.iter().any(|seen| seen.tells_of(uid, MAIN, KILLING, "liveness"));
    Inquiry::premise("the kubelet's event that main's liveness probe failed", told)?;
    Ok(uid)
}

fn came_back_after<'e>(
    seen: &'e Evidence,
    how: &str,
    as_meant: impl Fn(&ContainerStateTerminated) -> bool,
) -> Result<&'e str, Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    let end = seen.ending(uid, MAIN, 0)?;
    Inquiry::premise(&format!("an end of container {MAIN} {how}"), as_meant(&end.value))?;
    seen.instance(uid, MAIN, 1)?;
    Ok(uid)
}
