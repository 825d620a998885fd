//! The order in which init containers run.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const POD: &str = "three";
const INITS: [&str; 3] = ["one", "two", "three"];
const MAIN: &str = "main";

const SIDECAR: &str = "sidecar";
const NEXT: &str = "next";

/// The first and the last verb that an init container reports.
const BEGIN: &str = "clocks";
const END: &str = "identity";

pub(super) const INIT_SEQUENTIAL: Case = Case {
    id: "startup/init-sequential",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_inits(stage)),
    judge: judge_sequence,
};

pub(super) const SIDECAR_THEN_INIT: Case = Case {
    id: "startup/sidecar-then-init",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(SIDECAR)],
    drive: |stage| Box::pin(start_after_sidecar(stage)),
    judge: judge_sidecar,
};

async fn run_inits(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(
        stage.until_reported(&pod, INITS[0], 0, END),
        stage.until_reported(&pod, INITS[1], 0, END),
        stage.until_reported(&pod, INITS[2], 0, END),
        stage.until_reported(&pod, MAIN, 0, BEGIN),
    )?;
    Ok(())
}

/// Returns the time of a report in nanoseconds since the node's boot. All containers of a pod share this clock, and
/// it never goes back.
pub(super) fn since_boot(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new(format!("the time of the probe's `{}` report", report.verb())))
}

fn judge_sequence(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let at = |container, verb| since_boot(&seen.log_report(uid, container, 0, verb)?.value);
    for (before, after) in INITS.into_iter().zip(INITS.into_iter().skip(1)) {
        assert_after(inquiry, "one-after-another", (before, at(before, END)?), (after, at(after, BEGIN)?));
    }
    let last = INITS[INITS.len() - 1];
    assert_after(inquiry, "others-come-last", (last, at(last, END)?), (MAIN, at(MAIN, BEGIN)?));
    Ok(())
}

fn assert_after(inquiry: &mut Inquiry, assertion: &str, (one, end): (&str, u64), (next, begin): (&str, u64)) {
    let actual = match begin.checked_sub(end) {
        Some(later) => format!("{later} ns later"),
        None => format!("{} ns earlier", end - begin),
    };
    let expected = format!("{next} to start after {one} has ended");
    inquiry.assert(assertion, end <= begin, expected, actual, format!("logs/{POD}/{next}.0"));
}

async fn start_after_sidecar(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(SIDECAR).await?;
    stage.until_reported(&pod, NEXT, 0, "mq-look").await?;
    stage.until_running(&pod).await?;
    stage.probe("sidecar-after", &pod, SIDECAR, &["mq-look"]).await?;
    Ok(())
}

/// The sidecar creates a queue after a delay, and its startup probe passes only when the queue exists.
fn judge_sidecar(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SIDECAR, 0)?.uid;
    let look = seen.log_report(uid, NEXT, 0, "mq-look")?;
    let exists = look.value.present()?;
    inquiry.assert(
        "waits-for-the-sidecar",
        exists,
        "the sidecar's queue",
        look.value.to_string(),
        look.pointer,
    );
    if !exists {
        return Ok(());
    }
    let end = seen.ending(uid, NEXT, 0)?;
    Inquiry::premise("an init container that exited with code 0", end.value.exit_code == 0)?;
    let alive = seen.exec_report("sidecar-after", "mq-look")?;
    Inquiry::premise("a sidecar in which a command can be run", alive.value.ok())?;
    let sidecar = seen.container(uid, SIDECAR)?;
    let actual = format!("running: {}, restarts: {}", sidecar.value.running, sidecar.value.restarts);
    inquiry.assert_equal("sidecar-goes-on", &"running: true, restarts: 0", &actual.as_str(), sidecar.pointer);
    Ok(())
}
