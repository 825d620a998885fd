//! Sidecars: init containers that are restarted for as long as their pod lives.

use crate::cases::case::Case;
use crate::cases::exchange::{assert_succeeded, undisturbed};
use crate::cases::premise::Expected;
use crate::cases::quiet::{watch_for, watched};
use crate::evidence::{Evidence, Missing, Observed, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "helped";

/// The container for whose sake the pod is there.
const APP: &str = "app";

/// The only sidecar, or the two of them in the order of the manifest.
const SIDECAR: &str = "sidecar";
const SIDECARS: [&str; 2] = ["s1", "s2"];

pub(super) const SIDECAR_REVERSE_ORDER: Case = Case {
    id: "lifecycle/sidecar-reverse-order",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_all(stage)),
    judge: judge_order,
};

pub(super) const SIDECAR_ALWAYS_RESTARTS: Case = Case {
    id: "lifecycle/sidecar-always-restarts",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(SIDECAR)],
    drive: |stage| Box::pin(end_the_sidecar(stage)),
    judge: judge_restart,
};

pub(super) const SIDECAR_EXIT_IGNORED: Case = Case {
    id: "lifecycle/sidecar-exit-ignored",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(SIDECAR)],
    drive: |stage| Box::pin(end_the_app(stage)),
    judge: judge_end,
};

async fn delete_all(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    for container in SIDECARS.iter().chain(&[APP]) {
        stage.until_reported(&pod, container, 0, "hold").await?;
    }
    stage.until_running(&pod).await?;
    stage.delete_and_wait(&pod).await
}

async fn end_the_sidecar(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, APP, 0, "identity").await?;
    stage.until_ended(&pod, SIDECAR).await?;
    let restarted = |seen: &Observed| seen.has_restarted(&pod.uid, SIDECAR);
    watch_for(stage, "a restart of the sidecar", stage.budgets().restart(), restarted).await?;
    stage.probe("app-after", &pod, APP, &["identity"]).await.map(drop)
}

async fn end_the_app(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_terminal(&pod).await
}

fn restarts(seen: &SeenPod) -> i32 {
    seen.container(SIDECAR).map_or(0, |status| status.restart_count)
}

/// What a container reported when it got TERM, at which all of them end.
fn at_term(seen: &Evidence, uid: &str, container: &str) -> Result<u64, Missing> {
    let log = seen.log(uid, container, 0)?;
    let is_it =
        |report: &ProbeReport| report.text("state") == Ok("ended") && report.text("signal") == Ok("TERM");
    let report = log.value.reports().find(is_it);
    let time = report.as_ref().and_then(ProbeReport::monotonic_ns);
    time.ok_or_else(|| Missing::new(format!("the report of {container} on TERM")))
}

fn judge_order(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    Inquiry::premise("a pod that is deleted", seen.last(uid)?.pod.metadata.deletion_timestamp.is_some())?;
    let app = at_term(seen, uid, APP)?;
    let [first, second] = [at_term(seen, uid, SIDECARS[0])?, at_term(seen, uid, SIDECARS[1])?];
    let pointer = format!("logs/{POD}");
    let told = |one: u64, other: u64| {
        let (word, gap) = if one < other { ("before", other - one) } else { ("after", one - other) };
        format!("{word} it by {} ms", gap / 1_000_000)
    };
    say.assert("sidecars-come-last", app < second, "the app's end before TERM", told(app, second), &pointer);
    say.assert("in-reverse-order", second < first, "s2 before s1", told(second, first), pointer);
    Ok(())
}

fn judge_restart(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let end = seen.ending(uid, SIDECAR, 0)?;
    Inquiry::premise("a sidecar that failed", end.value.exit_code == 1)?;
    let most = seen.states(uid).map(restarts).max().unwrap_or_default();
    let again = seen.has_restarted(uid, SIDECAR);
    if !again {
        watched(seen)?;
    }
    say.assert("sidecar-is-restarted", again, "a restart", format!("restarts: {most}"), end.pointer);
    let app = seen.container(uid, APP)?;
    let before = seen.log_report(uid, APP, 0, "identity")?.value.number("pid1_start_ticks")?;
    let after = seen.exec_report("app-after", "identity")?.value.number("pid1_start_ticks")?;
    let goes_on = app.value.restarts == 0 && before == after;
    let told = format!("restarts: {}, began at tick {after}", app.value.restarts);
    say.assert("app-goes-on", goes_on, format!("restarts: 0, began at tick {before}"), told, app.pointer);
    Ok(())
}

fn judge_end(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let app = seen.ending(uid, APP, 0)?;
    Inquiry::premise("an app that ended well", app.value.exit_code == 0)?;
    let sidecar = seen.ending(uid, SIDECAR, 0)?;
    Inquiry::premise("a sidecar that ended with another code than 0", sidecar.value.exit_code != 0)?;
    assert_succeeded(seen, say, "pod-succeeds", uid)
}
