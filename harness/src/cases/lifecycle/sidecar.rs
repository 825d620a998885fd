//! Sidecars: init containers with `restartPolicy: Always`.

use crate::cases::case::Case;
use crate::cases::exchange::{assert_succeeded, premise_not_ended_by_node};
use crate::cases::never_happens::{premise_watched, watch_window};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "helped";

/// The app container.
const APP: &str = "app";

/// The only sidecar, or both sidecars in the order of the manifest.
const SIDECAR: &str = "sidecar";
const SIDECARS: [&str; 2] = ["s1", "s2"];

pub(super) const SIDECAR_REVERSE_ORDER: Case = Case {
    id: "lifecycle/sidecar-reverse-order",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(delete_all(stage)),
    judge: judge_order,
};

pub(super) const SIDECAR_ALWAYS_RESTARTS: Case = Case {
    id: "lifecycle/sidecar-always-restarts",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(SIDECAR)],
    drive: |stage| Box::pin(end_the_sidecar(stage)),
    judge: judge_restart,
};

pub(super) const SIDECAR_EXIT_IGNORED: Case = Case {
    id: "lifecycle/sidecar-exit-ignored",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(SIDECAR)],
    drive: |stage| Box::pin(end_the_app(stage)),
    judge: judge_end,
};

async fn delete_all(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    for container in SIDECARS.iter().chain(&[APP]) {
        stage.until_reported(&pod, container, 0, "hold").await?;
    }
    stage.until_running(&pod).await?;
    stage.delete_and_wait(&pod).await
}

async fn end_the_sidecar(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "identity").await?;
    stage.until_ended(&pod, SIDECAR).await?;
    let restarted = |seen: &Observations| seen.has_restarted(&pod.uid, SIDECAR);
    watch_window(stage, "a restart of the sidecar", stage.budgets().restart(), restarted).await?;
    stage.probe("app-after", &pod, APP, &["identity"]).await.map(drop)
}

async fn end_the_app(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_terminal(&pod).await
}

fn restarts(seen: &SeenPod) -> i32 {
    seen.container(SIDECAR).map_or(0, |status| status.restart_count)
}

/// Returns the monotonic time, in nanoseconds, at which a container reported SIGTERM. Every container exits on SIGTERM.
fn term_time(seen: &Evidence, uid: &str, container: &str) -> Result<u64, Missing> {
    let log = seen.log(uid, container, 0)?;
    let is_term =
        |report: &ProbeReport| report.text("state") == Ok("ended") && report.text("signal") == Ok("TERM");
    let report = log.value.reports().find(is_term);
    let time = report.as_ref().and_then(ProbeReport::monotonic_ns);
    time.ok_or_else(|| Missing::new(format!("the report of {container} on TERM")))
}

fn judge_order(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    Inquiry::premise("a deleted pod", seen.pod(uid)?.pod.metadata.deletion_timestamp.is_some())?;
    let app = term_time(seen, uid, APP)?;
    let [first, second] = [term_time(seen, uid, SIDECARS[0])?, term_time(seen, uid, SIDECARS[1])?];
    let pointer = format!("logs/{POD}");
    let order = |one: u64, other: u64| {
        let (word, gap) = if one < other { ("before", other - one) } else { ("after", one - other) };
        format!("{word} it by {} ms", gap / 1_000_000)
    };
    inquiry.assert(
        "sidecars-come-last",
        app < second,
        "the app to end before the sidecar gets TERM",
        order(app, second),
        &pointer,
    );
    inquiry.assert("in-reverse-order", second < first, "s2 before s1", order(second, first), pointer);
    Ok(())
}

fn judge_restart(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let end = seen.ending(uid, SIDECAR, 0)?;
    Inquiry::premise("a sidecar that failed", end.value.exit_code == 1)?;
    let most = seen.states(uid).map(restarts).max().unwrap_or_default();
    let restarted = seen.has_restarted(uid, SIDECAR);
    if !restarted {
        premise_watched(seen)?;
    }
    inquiry.assert("sidecar-is-restarted", restarted, "a restart", format!("restarts: {most}"), end.pointer);
    let app = seen.container(uid, APP)?;
    let before = seen.log_report(uid, APP, 0, "identity")?.value.number("pid1_start_ticks")?;
    let after = seen.exec_report("app-after", "identity")?.value.number("pid1_start_ticks")?;
    let is_same_process = app.value.restarts == 0 && before == after;
    let actual = format!("restarts: {}, started at tick {after}", app.value.restarts);
    inquiry.assert(
        "app-goes-on",
        is_same_process,
        format!("restarts: 0, started at tick {before}"),
        actual,
        app.pointer,
    );
    Ok(())
}

fn judge_end(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let app = seen.ending(uid, APP, 0)?;
    Inquiry::premise("an app that exited with code 0", app.value.exit_code == 0)?;
    let sidecar = seen.ending(uid, SIDECAR, 0)?;
    Inquiry::premise("a sidecar that exited with a code other than 0", sidecar.value.exit_code != 0)?;
    assert_succeeded(seen, inquiry, "pod-succeeds", uid)
}
