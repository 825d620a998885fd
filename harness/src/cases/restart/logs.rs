//! The log of a previous container instance.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::container_restart::{End, MAIN, premise_restarted_after_exit, restart_main_once};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

pub(super) const LOGS_PREVIOUS: Case = Case {
    id: "restart/logs-previous",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(read_logs(stage)),
    judge: judge_nonces,
};

async fn read_logs(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, "nonce", End::ExitOnFile).await?;
    try_join!(
        stage.snapshot_log("previous", &pair, MAIN, true),
        stage.snapshot_log("current", &pair, MAIN, false)
    )?;
    Ok(())
}

/// Compares the nonces followed while each instance ran with the logs read afterwards.
fn judge_nonces(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, 1)?;
    let nonce = |restart| -> Result<String, Missing> {
        Ok(seen.log_report(uid, MAIN, restart, "nonce")?.value.text("nonce")?.to_owned())
    };
    let (first, second) = (nonce(0)?, nonce(1)?);
    let (previous, current) = (seen.log_snapshot("previous")?, seen.log_snapshot("current")?);
    inquiry.assert_equal(
        "previous-is-kept",
        &vec![first.clone()],
        &nonces(previous.value)?,
        previous.pointer,
    );
    inquiry.assert_equal(
        "current-is-the-new-one",
        &vec![second.clone()],
        &nonces(current.value)?,
        &current.pointer,
    );
    inquiry.assert_differ("current-is-the-new-one", "nonces", &first, &second, &current.pointer);
    Ok(())
}

fn nonces(log: &str) -> Result<Vec<String>, Missing> {
    let reports = log.lines().filter_map(ProbeReport::parse).filter(|report| report.verb() == "nonce");
    reports.map(|report| report.text("nonce").map(str::to_owned)).collect()
}
