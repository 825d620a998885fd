//! The log of an instance that has ended.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::comeback::{End, MAIN, came_back, end_once};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

pub(super) const LOGS_PREVIOUS: Case = Case {
    id: "restart/logs-previous",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(ask_for_logs(stage)),
    judge: judge_nonces,
};

async fn ask_for_logs(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, "nonce", End::Told).await?;
    try_join!(stage.recall("previous", &pair, MAIN, true), stage.recall("current", &pair, MAIN, false))?;
    Ok(())
}

/// What each instance told was heard while it ran; what is kept of it was asked for afterwards.
fn judge_nonces(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, 1)?;
    let told = |restart| -> Result<String, Missing> {
        Ok(seen.log_report(uid, MAIN, restart, "nonce")?.value.text("nonce")?.to_owned())
    };
    let (first, second) = (told(0)?, told(1)?);
    let (previous, current) = (seen.recall("previous")?, seen.recall("current")?);
    say.assert_equal("previous-is-kept", &vec![first.clone()], &nonces(previous.value)?, previous.pointer);
    say.assert_equal(
        "current-is-the-new-one",
        &vec![second.clone()],
        &nonces(current.value)?,
        &current.pointer,
    );
    say.assert_differ("current-is-the-new-one", "nonces", &first, &second, &current.pointer);
    Ok(())
}

fn nonces(log: &str) -> Result<Vec<String>, Missing> {
    let reports = log.lines().filter_map(ProbeReport::parse).filter(|report| report.verb() == "nonce");
    reports.map(|report| report.text("nonce").map(str::to_owned)).collect()
}
