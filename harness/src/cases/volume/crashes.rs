//! A volume whose writer crashes twice.

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, PAIR, SIBLING, premise_restarted_after_exit, restart_main, restart_main_once, trigger_end,
    until_restarted_and_ready,
};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

const FILE: &str = "/data/token";

/// The first verb that each instance reports of a writer that writes only when the drive makes it.
const READY: &str = "nonce";

pub(super) const SURVIVES_CRASHLOOP: Case = Case {
    id: "volume/survives-crashloop",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(crash_twice(stage)),
    judge: judge_growth,
};

pub(super) const WRITER_DIES_READER_READS: Case = Case {
    id: "volume/writer-dies-reader-reads",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN), Disturbance::ExitOrKubeletKill(SIBLING)],
    drive: |stage| Box::pin(read_meanwhile(stage)),
    judge: judge_reader,
};

async fn crash_twice(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, "write", End::ExitOnFile).await?;
    trigger_end(stage, &pair, 1, End::ExitOnFile).await?;
    until_restarted_and_ready(stage, &pair, 2, "write").await
}

/// The kubelet delays the second restart by ten seconds, so there is time to read.
async fn read_meanwhile(stage: &Stage) -> Result<(), StageError> {
    let pair = stage.create(PAIR).await?;
    stage.until_reported(&pair, MAIN, 0, READY).await?;
    stage.until_reported(&pair, SIBLING, 0, "hold").await?;
    // Only the first instance writes: data that later instances write again would prove nothing.
    stage.probe("write", &pair, MAIN, &["write", "--path", FILE, "--text", stage.token()]).await?;
    restart_main(stage, &pair, 0, READY, End::ExitOnFile).await?;
    stage.until_running(&pair).await?;
    trigger_end(stage, &pair, 1, End::ExitOnFile).await?;
    stage.until_pod("the second crash of the writer", stage.budgets().restart(), &pair, is_down).await?;
    stage.probe("read-meanwhile", &pair, SIBLING, &["read", "--path", FILE]).await?;
    until_restarted_and_ready(stage, &pair, 2, READY).await
}

/// Returns `Some` if the writer has crashed for the second time and has not been restarted yet.
fn is_down(seen: &SeenPod) -> Option<()> {
    let main = seen.container(MAIN)?;
    let down = main.state.as_ref()?.running.is_none();
    (down && main.restart_count == 1).then_some(())
}

/// Each instance reports what it finds and appends the token.
fn judge_growth(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, 1)?;
    for restarts in 0..=2 {
        let found = seen.log_report(uid, MAIN, restarts, "read")?;
        let added = seen.log_report(uid, MAIN, restarts, "write")?;
        Inquiry::premise(&format!("the token appended by instance {restarts}"), added.value.ok())?;
        match restarts {
            0 => Inquiry::premise_absent("nothing at first", &found)?,
            1 => inquiry.assert_found("data-accumulates", &found, "content", &seen.token)?,
            _ => inquiry.assert_found("data-accumulates", &found, "content", &seen.token.repeat(2))?,
        }
    }
    Ok(())
}

fn judge_reader(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, 1)?;
    let ids: Vec<_> = seen
        .states(uid)
        .filter_map(|seen| seen.container(SIBLING)?.container_id.as_deref())
        .filter(|id| !id.is_empty())
        .collect();
    let Some((first, later)) = ids.split_first() else {
        return Err(Missing::new("the container ID of the reader"));
    };
    let last = seen.container(uid, SIBLING)?;
    let same_container = last.value.restarts == 0 && later.iter().all(|id| id == first);
    let actual = format!("restarts: {}, container IDs: {ids:?}", last.value.restarts);
    inquiry.assert("reader-goes-on", same_container, "one container, never restarted", actual, &last.pointer);

    let written = seen.exec_report("write", "write")?;
    Inquiry::premise("the token written by the first instance", written.value.ok())?;
    let wrote = seen.exec("write")?.ended;
    let when_written = seen.states(uid).take_while(|state| state.at <= wrote).last();
    let by_first =
        when_written.and_then(|state| state.container(MAIN)).is_some_and(|main| main.restart_count == 0);
    Inquiry::premise("the first instance running while the token was written", by_first)?;
    let read = seen.exec_report("read-meanwhile", "read")?;
    let next = seen.log_report(uid, MAIN, 2, READY)?;
    let began = seen.exec("read-meanwhile")?.started;
    let before = seen.states(uid).take_while(|state| state.at <= began).last();
    Inquiry::premise("a writer that was not running", before.is_some_and(|state| is_down(state).is_some()))?;
    // Both times come from the node's clock.
    let in_between = since_boot(&read.value)? < since_boot(&next.value)?;
    Inquiry::premise("a read before the writer was restarted", in_between)?;
    inquiry.assert_found("reader-reads", &read, "content", &seen.token)
}

/// Returns the time of a report, in nanoseconds since the node's boot.
fn since_boot(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new("the time of a report"))
}
