//! A container that ends once and comes back, beside a sibling that stays.
//!
//! Shared by the cases about container restarts. Their pod is called `pair`. Each instance of its container
//! `main` tells what it finds, leaves what it is to leave, and goes on until it is ended; `sibling` only holds.
//! The end is ordered from the sibling: a command inside `main` would be killed with it, and its own end not known.

use futures::try_join;
use k8s_openapi::api::core::v1::ContainerState;

use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Progress, Stage};

pub(super) const PAIR: &str = "pair";
pub(super) const MAIN: &str = "main";
pub(super) const SIBLING: &str = "sibling";

/// How `main` is ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It exits by itself when a file appears.
    Told,
    /// A signal that it cannot catch ends the process with these words in its command line.
    Killed(&'static str),
}

/// Creates the pair, ends `main` once it has reported `ready`, and waits until its next instance has done so too.
pub(super) async fn end_once(stage: &Stage, ready: &str, end: End) -> Result<PodRef, Blocked> {
    let pair = stage.create(PAIR).await?;
    try_join!(stage.until_reported(&pair, MAIN, 0, ready), stage.until_reported(&pair, SIBLING, 0, "hold"),)?;
    let order: &[&str] = match &end {
        End::Told => &["write", "--path", "/data/go", "--text", "now"],
        End::Killed(words) => &["kill", "--cmdline", words, "--signal", "KILL"],
    };
    stage.probe("end", &pair, SIBLING, order).await?;
    stage.until_restarted(&pair, MAIN, 1).await?;
    stage.until_reported(&pair, MAIN, 1, ready).await?;
    // A kubelet may tell of the restart first, and of the end before it with a later status.
    stage
        .until("how main ended", stage.budgets().pod_done(), |seen| {
            let told = seen.timeline.iter().any(|state| state.uid() == pair.uid && tells_an_end(state));
            if told { Progress::Met(()) } else { Progress::NotYet }
        })
        .await?;
    Ok(pair)
}

fn tells_an_end(state: &SeenPod) -> bool {
    let Some(main) = state.container(MAIN) else { return false };
    let ended = |state: Option<&ContainerState>| state.is_some_and(|state| state.terminated.is_some());
    ended(main.state.as_ref()) || ended(main.last_state.as_ref())
}

/// Requires that `main` ended with `code`, once, and came back; gives the pod's UID.
pub(super) fn came_back(seen: &Evidence, code: i32) -> Result<&str, Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    let end = seen.ending(uid, MAIN, 0)?;
    let what = format!("an end of container {MAIN} with exit code {code}");
    Inquiry::premise(&what, end.value.exit_code == code)?;
    Inquiry::premise(
        "an end that is not for lack of memory",
        end.value.reason.as_deref() != Some("OOMKilled"),
    )?;
    seen.instance(uid, MAIN, 1)?;
    Ok(uid)
}
