//! A container that ends once and comes back, beside a sibling that stays.
//!
//! Shared by the cases about container restarts. Their pod is called `pair`. Each instance of its container
//! `main` tells what it finds, leaves what it is to leave, and goes on until it is ended; `sibling` only holds.
//! The end is ordered from the sibling: a command inside `main` would be killed with it, and its own end not known.

use futures::try_join;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use crate::evidence::{ContainerFacts, Evidence, Fact, Missing, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Amendment, Blocked, PodRef, Progress, Stage};

pub(super) const PAIR: &str = "pair";
pub(super) const MAIN: &str = "main";
pub(super) const SIBLING: &str = "sibling";

/// The reason of an end for lack of memory.
const STARVED: &str = "OOMKilled";

/// The exit codes of a process that TERM or KILL ended.
const TERM_OR_KILL: [i32; 2] = [143, 137];

/// The command that tells who the sibling is after all has happened.
const SIBLING_AFTER: &str = "sibling-after";

/// How `main` is ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It exits by itself when a file appears.
    Told,
    /// A signal that it cannot catch ends the process with these words in its command line.
    Killed(&'static str),
    /// The kubelet ends it, because its liveness probe fails when this file is gone.
    Unwell(&'static str),
    /// The kubelet ends it, because its resources are changed as this object of the manifest says.
    Resized(&'static str),
}

/// Creates the pair, ends `main` once it has reported `ready`, and waits until its next instance has done so too.
pub(super) async fn end_once(stage: &Stage, ready: &str, end: End) -> Result<PodRef, Blocked> {
    let pair = ready_pair(stage, ready).await?;
    end_main(stage, &pair, 0, ready, end).await?;
    Ok(pair)
}

/// Creates the pair, and waits until `main` has reported `ready` and the sibling holds.
async fn ready_pair(stage: &Stage, ready: &str) -> Result<PodRef, Blocked> {
    let pair = stage.create(PAIR).await?;
    try_join!(stage.until_reported(&pair, MAIN, 0, ready), stage.until_reported(&pair, SIBLING, 0, "hold"))?;
    Ok(pair)
}

/// The exit code at which a rule of `main` restarts all containers of the pod.
const RESTARTS_ALL: i32 = 42;

/// The reason of a container that waits until all containers of its pod are started again.
const RESTARTING_ALL: &str = "RestartingAllContainers";

/// Creates the pair, ends `main` once it has reported `ready` so that all containers are restarted, and waits for that.
pub(super) async fn end_all(stage: &Stage, ready: &str) -> Result<PodRef, Blocked> {
    let pair = ready_pair(stage, ready).await?;
    order_end(stage, &pair, 0, End::Told).await?;
    until_back(stage, &pair, 1, ready).await?;
    stage.until_restarted(&pair, SIBLING, 1).await?;
    stage.until_reported(&pair, SIBLING, 1, "hold").await?;
    Ok(pair)
}

/// Requires that all containers were restarted together; gives the pod's UID.
pub(super) fn all_came_back(seen: &Evidence) -> Result<&str, Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    premise_rule_applied(seen, uid, MAIN, RESTARTS_ALL)?;
    seen.instance(uid, MAIN, 1)?;
    // By itself the sibling never ends.
    seen.instance(uid, SIBLING, 1)?;
    Ok(uid)
}

/// Requires that the first instance of `container` ended with `code`, at which a rule restarts all containers.
///
/// The kubelet removes the containers that it restarts together. Their ends stand in no status for longer than the
/// removal takes, and statuses that follow each other so fast may come as one: then it is the reason for which the
/// container waits that shows the rule, or what the program itself reported last.
pub(super) fn premise_rule_applied(
    seen: &Evidence,
    uid: &str,
    container: &str,
    code: i32,
) -> Result<(), Missing> {
    let ended = seen.states(uid).any(|state| {
        state.end_of(container, 0).is_some_and(|end| end.exit_code == code)
            || state.container(container).is_some_and(waits_for_all)
    });
    let exits = ["exit", "exit-when"].map(|verb| seen.log_report(uid, container, 0, verb));
    let exited = exits
        .into_iter()
        .flatten()
        .any(|exit| exit.value.number("code") == Ok(u64::from(code.unsigned_abs())));
    Inquiry::premise(&format!("an end of container {container} with exit code {code}"), ended || exited)
}

fn waits_for_all(status: &ContainerStatus) -> bool {
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(RESTARTING_ALL))
}

/// Ends the `nth` instance (0 is the first) of `main`, and waits until the next one has reported `ready`.
pub(super) async fn end_main(
    stage: &Stage,
    pair: &PodRef,
    nth: i32,
    ready: &str,
    end: End,
) -> Result<(), Blocked> {
    order_end(stage, pair, nth, end).await?;
    until_back(stage, pair, nth + 1, ready).await?;
    until_end_told(stage, pair, MAIN, nth).await
}

/// Orders the end of the `nth` instance (0 is the first) of `main`; does not wait for it.
pub(super) async fn order_end(stage: &Stage, pair: &PodRef, nth: i32, end: End) -> Result<(), Blocked> {
    if matches!(end, End::Unwell(_)) {
        // As long as a startup probe has not passed, nobody asks the liveness probe.
        let started = |seen: &SeenPod| {
            let main = seen.container(MAIN)?;
            (main.restart_count == nth && main.started == Some(true)).then_some(())
        };
        stage.until_pod("a main that has started", stage.budgets().pod_running(), pair, started).await?;
    }
    let (place, order): (_, &[&str]) = match &end {
        End::Told => (SIBLING, &["write", "--path", "/data/go", "--text", "now"]),
        End::Killed(words) => (SIBLING, &["kill", "--cmdline", words, "--signal", "KILL"]),
        // The probe has to fail several times first, which is time enough for a command in `main` itself.
        End::Unwell(path) => (MAIN, &["remove", "--path", path]),
        End::Resized(name) => return stage.amend(pair, name, Amendment::Resources).await,
    };
    let label = if nth == 0 { "end" } else { "end-again" };
    if matches!(end, End::Told) {
        let argv: Vec<_> = ["/probe"].iter().chain(order).copied().collect();
        stage.order(label, pair, place, &argv).await;
        return Ok(());
    }
    stage.probe(label, pair, place, order).await.map(drop)
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

/// Waits until a state of `pod` has told how the `nth` instance of `container` ended.
///
/// A kubelet may tell of the restart first, and of the end before it with a later status.
pub(super) async fn until_end_told(
    stage: &Stage,
    pod: &PodRef,
    container: &str,
    nth: i32,
) -> Result<(), Blocked> {
    let what = format!("how {container} ended");
    stage
        .until(&what, stage.budgets().pod_done(), |seen| {
            let mut states = seen.timeline.iter().filter(|state| state.uid() == pod.uid);
            let told = states.any(|state| state.end_of(container, nth).is_some());
            if told { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

/// Has the sibling tell who it is, after all has happened.
pub(super) async fn ask_sibling(stage: &Stage, pair: &PodRef) -> Result<(), Blocked> {
    stage.probe(SIBLING_AFTER, pair, SIBLING, &["identity"]).await.map(drop)
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

/// Requires that `main` was ended, once, and came back; gives the pod's UID.
///
/// The sibling does not see its process, so that nobody but the kubelet can have done so. That it has a reason for
/// which it sends an event is no help: kubelets that have much to tell send events minutes later.
pub(super) fn came_back_from_kubelet(seen: &Evidence) -> Result<&str, Missing> {
    came_back_after(seen, "by TERM or KILL, and not for lack of memory", |end| {
        TERM_OR_KILL.contains(&end.exit_code) && end.reason.as_deref() != Some(STARVED)
    })
}

/// Requires that `main` was ended and came back after its resources were changed; gives the pod's UID.
pub(super) fn came_back_resized<'e>(seen: &'e Evidence, change: &str) -> Result<&'e str, Missing> {
    let uid = came_back_from_kubelet(seen)?;
    Inquiry::premise("a change of the pod's resources", seen.applied(change, 0)?.uid == uid)?;
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

/// Asserts that the sibling was not touched: it never ended, and its process is the one that it began with.
pub(super) fn assert_sibling_goes_on(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    uid: &str,
) -> Result<(), Missing> {
    let last = started(seen.container(uid, SIBLING)?)?;
    let goes_on = last.value.running && last.value.restarts == 0;
    let told = format!("running: {}, restarts: {}", last.value.running, last.value.restarts);
    say.assert(assertion, goes_on, "running: true, restarts: 0", told, &last.pointer);
    if goes_on {
        let ticks = |report: Fact<ProbeReport>| report.value.number("pid1_start_ticks");
        let before = ticks(seen.log_report(uid, SIBLING, 0, "identity")?)?;
        let after = ticks(seen.exec_report(SIBLING_AFTER, "identity")?)?;
        say.assert_equal(assertion, &before, &after, format!("execs/{SIBLING_AFTER}"));
    }
    Ok(())
}

/// Facts of an instance that has a container ID.
pub(super) fn started(facts: Fact<ContainerFacts>) -> Result<Fact<ContainerFacts>, Missing> {
    Inquiry::premise("a container ID", !facts.value.id.is_empty())?;
    Ok(facts)
}
