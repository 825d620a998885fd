//! A container that ends and is restarted, beside a sibling that keeps running.
//!
//! Shared by the cases about container restarts. Their pod is called `pair`. Each instance of its container
//! `main` reports what it finds, writes its data, and runs until it is ended; `sibling` only holds.
//! The command that ends `main` runs in the sibling: inside `main` it would be killed too, and its result lost.

use futures::try_join;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use super::exit_code;
use crate::stage::{PodPatch, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{ContainerFacts, Evidence, Fact, Missing, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

pub(super) const PAIR: &str = "pair";
pub(super) const MAIN: &str = "main";
pub(super) const SIBLING: &str = "sibling";

/// The `reason` of a container that the kernel's OOM killer ended.
const OOM_KILLED: &str = "OOMKilled";

/// The exit codes of a process ended by SIGTERM or SIGKILL.
const TERM_OR_KILL: [i32; 2] = [exit_code::SIGTERM, exit_code::SIGKILL];

/// The label of the command that reports the sibling's identity at the end of the drive.
const SIBLING_AFTER: &str = "sibling-after";

/// How `main` is ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It exits by itself when a file appears.
    ExitOnFile,
    /// SIGKILL ends the process whose command line contains this text.
    Killed(&'static str),
    /// The kubelet ends it, because its liveness probe fails once this file is removed.
    FailLiveness(&'static str),
    /// The kubelet ends it, because its resources are changed as this object of the manifest says.
    Resized(&'static str),
}

/// Creates the pair, ends `main` when it has reported `ready`, and waits until its next instance has reported it too.
pub(super) async fn restart_main_once(stage: &Stage, ready: &str, end: End) -> Result<PodRef, StageError> {
    let pair = create_ready_pair(stage, ready).await?;
    restart_main(stage, &pair, 0, ready, end).await?;
    Ok(pair)
}

/// Creates the pair, and waits until `main` has reported `ready` and the sibling holds.
async fn create_ready_pair(stage: &Stage, ready: &str) -> Result<PodRef, StageError> {
    let pair = stage.create(PAIR).await?;
    try_join!(stage.until_reported(&pair, MAIN, 0, ready), stage.until_reported(&pair, SIBLING, 0, "hold"))?;
    Ok(pair)
}

/// The exit code for which a restart rule of `main` restarts all containers of the pod.
const RESTARTS_ALL: i32 = 42;

/// The `reason` of a waiting container while all containers of its pod are being restarted.
const RESTARTING_ALL: &str = "RestartingAllContainers";

/// Creates the pair, ends `main` when it has reported `ready` so that a rule restarts all containers, and waits for
/// that restart.
pub(super) async fn restart_all_containers(stage: &Stage, ready: &str) -> Result<PodRef, StageError> {
    let pair = create_ready_pair(stage, ready).await?;
    trigger_end(stage, &pair, 0, End::ExitOnFile).await?;
    until_restarted_and_ready(stage, &pair, 1, ready).await?;
    stage.until_restarted(&pair, SIBLING, 1).await?;
    stage.until_reported(&pair, SIBLING, 1, "hold").await?;
    Ok(pair)
}

/// Requires that all containers were restarted together. Returns the pod's UID.
pub(super) fn premise_all_restarted(seen: &Evidence) -> Result<&str, Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    premise_rule_applied(seen, uid, MAIN, RESTARTS_ALL)?;
    seen.instance(uid, MAIN, 1)?;
    // The sibling never ends by itself, so a second instance shows that the rule restarted it.
    seen.instance(uid, SIBLING, 1)?;
    Ok(uid)
}

/// Requires that the first instance of `container` ended with `code`, for which a rule restarts all containers.
///
/// The kubelet removes the containers that it restarts together, so the status shows their ends only briefly, and a
/// watch may merge such quick updates. Then the container's waiting reason, or the last report of the program itself,
/// shows that the rule applied.
pub(super) fn premise_rule_applied(
    seen: &Evidence,
    uid: &str,
    container: &str,
    code: i32,
) -> Result<(), Missing> {
    let ended = seen.states(uid).any(|state| {
        state.termination_of(container, 0).is_some_and(|end| end.exit_code == code)
            || state.container(container).is_some_and(is_restarting_all)
    });
    let exits = ["exit", "exit-when"].map(|verb| seen.log_report(uid, container, 0, verb));
    let exited = exits
        .into_iter()
        .flatten()
        .any(|exit| exit.value.number("code") == Ok(u64::from(code.unsigned_abs())));
    Inquiry::premise(&format!("an end of container {container} with exit code {code}"), ended || exited)
}

fn is_restarting_all(status: &ContainerStatus) -> bool {
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(RESTARTING_ALL))
}

/// Ends the `nth` instance (0 is the first) of `main`, and waits until the next one has reported `ready`.
pub(super) async fn restart_main(
    stage: &Stage,
    pair: &PodRef,
    nth: i32,
    ready: &str,
    end: End,
) -> Result<(), StageError> {
    trigger_end(stage, pair, nth, end).await?;
    until_restarted_and_ready(stage, pair, nth + 1, ready).await?;
    until_end_reported(stage, pair, MAIN, nth).await
}

/// Causes the end of the `nth` instance (0 is the first) of `main`, without waiting for it.
pub(super) async fn trigger_end(stage: &Stage, pair: &PodRef, nth: i32, end: End) -> Result<(), StageError> {
    if matches!(end, End::FailLiveness(_)) {
        // The kubelet runs no liveness probe before the startup probe has passed.
        let started = |seen: &SeenPod| {
            let main = seen.container(MAIN)?;
            (main.restart_count == nth && main.started == Some(true)).then_some(())
        };
        stage.until_pod("a main that has started", stage.budgets().pod_running(), pair, started).await?;
    }
    let (container, command): (_, &[&str]) = match &end {
        End::ExitOnFile => (SIBLING, &["write", "--path", "/data/go", "--text", "now"]),
        End::Killed(words) => (SIBLING, &["kill", "--cmdline", words, "--signal", "KILL"]),
        // The liveness probe must fail several times first, so a command in `main` itself has time to finish.
        End::FailLiveness(path) => (MAIN, &["remove", "--path", path]),
        End::Resized(name) => return stage.patch_pod(pair, name, PodPatch::Resources).await,
    };
    let label = if nth == 0 { "end" } else { "end-again" };
    if matches!(end, End::ExitOnFile) {
        let argv: Vec<_> = ["/probe"].iter().chain(command).copied().collect();
        stage.exec_ignoring_result(label, pair, container, &argv).await;
        return Ok(());
    }
    stage.probe(label, pair, container, command).await.map(drop)
}

/// Waits until the instance of `main` after its `restarts`th restart has reported `ready`.
pub(super) async fn until_restarted_and_ready(
    stage: &Stage,
    pair: &PodRef,
    restarts: i32,
    ready: &str,
) -> Result<(), StageError> {
    stage.until_restarted(pair, MAIN, restarts).await?;
    stage.until_reported(pair, MAIN, restarts, ready).await
}

/// Waits until a status of `pod` reports how the `nth` instance (0 is the first) of `container` ended.
///
/// The kubelet may report the restart first, and the end before it in a later status.
pub(super) async fn until_end_reported(
    stage: &Stage,
    pod: &PodRef,
    container: &str,
    nth: i32,
) -> Result<(), StageError> {
    let what = format!("how {container} ended");
    stage
        .until(&what, stage.budgets().pod_done(), |seen| {
            let mut states = seen.timeline.iter().filter(|state| state.uid() == pod.uid);
            let is_reported = states.any(|state| state.termination_of(container, nth).is_some());
            if is_reported { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

/// Runs the probe's `identity` in the sibling, at the end of the drive.
pub(super) async fn probe_sibling(stage: &Stage, pair: &PodRef) -> Result<(), StageError> {
    stage.probe(SIBLING_AFTER, pair, SIBLING, &["identity"]).await.map(drop)
}

/// Requires that `main` ended with `code` and was restarted. Returns the pod's UID.
pub(super) fn premise_restarted_after_exit(seen: &Evidence, code: i32) -> Result<&str, Missing> {
    premise_restarted(seen, &format!("with exit code {code} and not OOM killed"), |end| {
        end.exit_code == code && end.reason.as_deref() != Some(OOM_KILLED)
    })
}

/// Requires that `main` was OOM killed and restarted. Returns the pod's UID.
pub(super) fn premise_restarted_after_oom(seen: &Evidence) -> Result<&str, Missing> {
    premise_restarted(seen, "by the OOM killer", |end| end.reason.as_deref() == Some(OOM_KILLED))
}

/// Requires that the kubelet ended `main` and restarted it. Returns the pod's UID.
///
/// No other container sees the process of `main`, so only the kubelet can have sent the signal. The kubelet's event
/// is not required: a busy kubelet may send it minutes later.
pub(super) fn premise_restarted_after_kubelet_kill(seen: &Evidence) -> Result<&str, Missing> {
    premise_restarted(seen, "by TERM or KILL, and not OOM killed", |end| {
        TERM_OR_KILL.contains(&end.exit_code) && end.reason.as_deref() != Some(OOM_KILLED)
    })
}

/// Requires that `main` was ended and restarted after its resources were changed. Returns the pod's UID.
pub(super) fn premise_restarted_after_resize<'e>(
    seen: &'e Evidence,
    change: &str,
) -> Result<&'e str, Missing> {
    let uid = premise_restarted_after_kubelet_kill(seen)?;
    Inquiry::premise("a change of the pod's resources", seen.applied(change, 0)?.uid == uid)?;
    Ok(uid)
}

fn premise_restarted<'e>(
    seen: &'e Evidence,
    how: &str,
    is_expected: impl Fn(&ContainerStateTerminated) -> bool,
) -> Result<&'e str, Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    let end = seen.ending(uid, MAIN, 0)?;
    Inquiry::premise(&format!("an end of container {MAIN} {how}"), is_expected(&end.value))?;
    seen.instance(uid, MAIN, 1)?;
    Ok(uid)
}

/// Asserts that the sibling was not affected: it never ended, and its first process still runs.
pub(super) fn assert_sibling_unaffected(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    uid: &str,
) -> Result<(), Missing> {
    let last = premise_started(seen.container(uid, SIBLING)?)?;
    let is_running = last.value.running && last.value.restarts == 0;
    let actual = format!("running: {}, restarts: {}", last.value.running, last.value.restarts);
    inquiry.assert(assertion, is_running, "running: true, restarts: 0", actual, &last.pointer);
    if is_running {
        let ticks = |report: Fact<ProbeReport>| report.value.number("pid1_start_ticks");
        let before = ticks(seen.log_report(uid, SIBLING, 0, "identity")?)?;
        let after = ticks(seen.exec_report(SIBLING_AFTER, "identity")?)?;
        inquiry.assert_equal(assertion, &before, &after, format!("execs/{SIBLING_AFTER}"));
    }
    Ok(())
}

/// Requires that the instance has a container ID.
pub(super) fn premise_started(facts: Fact<ContainerFacts>) -> Result<Fact<ContainerFacts>, Missing> {
    Inquiry::premise("a container ID", !facts.value.id.is_empty())?;
    Ok(facts)
}
