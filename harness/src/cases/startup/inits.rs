//! The order of init containers among themselves.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "three";
const INITS: [&str; 3] = ["one", "two", "three"];
const MAIN: &str = "main";

const SIDECAR: &str = "sidecar";
const NEXT: &str = "next";

/// What an init container reports first, and last.
const BEGIN: &str = "clocks";
const END: &str = "identity";

pub(super) const INIT_SEQUENTIAL: Case = Case {
    id: "startup/init-sequential",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_inits(stage)),
    judge: judge_sequence,
};

pub(super) const SIDECAR_THEN_INIT: Case = Case {
    id: "startup/sidecar-then-init",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(SIDECAR)],
    drive: |stage| Box::pin(start_behind_a_sidecar(stage)),
    judge: judge_sidecar,
};

async fn run_inits(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    try_join!(
        stage.until_reported(&pod, INITS[0], 0, END),
        stage.until_reported(&pod, INITS[1], 0, END),
        stage.until_reported(&pod, INITS[2], 0, END),
        stage.until_reported(&pod, MAIN, 0, BEGIN),
    )?;
    Ok(())
}

/// The kernel's clock since its boot is one for all containers of a pod, and never goes back.
pub(super) fn since_boot(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new(format!("the time of the probe's `{}` report", report.verb())))
}

fn judge_sequence(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let at = |container, verb| since_boot(&seen.log_report(uid, container, 0, verb)?.value);
    for (before, after) in INITS.into_iter().zip(INITS.into_iter().skip(1)) {
        assert_after(say, "one-after-another", (before, at(before, END)?), (after, at(after, BEGIN)?));
    }
    let last = INITS[INITS.len() - 1];
    assert_after(say, "others-come-last", (last, at(last, END)?), (MAIN, at(MAIN, BEGIN)?));
    Ok(())
}

fn assert_after(say: &mut Inquiry, assertion: &str, (one, end): (&str, u64), (next, begin): (&str, u64)) {
    let told = match begin.checked_sub(end) {
        Some(later) => format!("{later} ns later"),
        None => format!("{} ns earlier", end - begin),
    };
    let expected = format!("{next} to begin when {one} has ended");
    say.assert(assertion, end <= begin, expected, told, format!("logs/{POD}/{next}.0"));
}

async fn start_behind_a_sidecar(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(SIDECAR).await?;
    stage.until_reported(&pod, NEXT, 0, "mq-look").await?;
    stage.until_running(&pod).await?;
    stage.probe("sidecar-after", &pod, SIDECAR, &["mq-look"]).await?;
    Ok(())
}

/// The sidecar makes a queue after a while, and is not said to be started before there is one.
fn judge_sidecar(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SIDECAR, 0)?.uid;
    let look = seen.log_report(uid, NEXT, 0, "mq-look")?;
    let there = look.value.present()?;
    say.assert("waits-for-the-sidecar", there, "the sidecar's queue", look.value.to_string(), look.pointer);
    if !there {
        return Ok(());
    }
    let end = seen.ending(uid, NEXT, 0)?;
    Inquiry::premise("an init container that ended well", end.value.exit_code == 0)?;
    let alive = seen.exec_report("sidecar-after", "mq-look")?;
    Inquiry::premise("a sidecar in which a command can be run", alive.value.ok())?;
    let sidecar = seen.container(uid, SIDECAR)?;
    let told = format!("running: {}, restarts: {}", sidecar.value.running, sidecar.value.restarts);
    say.assert_equal("sidecar-goes-on", &"running: true, restarts: 0", &told.as_str(), sidecar.pointer);
    Ok(())
}
