//! A volume whose writer crashes more than once.

use crate::cases::case::Case;
use crate::cases::comeback::{
    End, MAIN, PAIR, SIBLING, came_back, end_main, end_once, order_end, until_back,
};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const FILE: &str = "/data/token";

/// What each instance of the writer that only writes when it is ordered to reports first.
const READY: &str = "nonce";

pub(super) const SURVIVES_CRASHLOOP: Case = Case {
    id: "volume/survives-crashloop",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(crash_twice(stage)),
    judge: judge_growth,
};

pub(super) const WRITER_DIES_READER_READS: Case = Case {
    id: "volume/writer-dies-reader-reads",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN), Expected::Restart(SIBLING)],
    drive: |stage| Box::pin(read_meanwhile(stage)),
    judge: judge_reader,
};

async fn crash_twice(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, "write", End::Told).await?;
    order_end(stage, &pair, 1, End::Told).await?;
    until_back(stage, &pair, 2, "write").await
}

/// The kubelet delays the second restart by ten seconds, in which there is time to read.
async fn read_meanwhile(stage: &Stage) -> Result<(), Blocked> {
    let pair = stage.create(PAIR).await?;
    stage.until_reported(&pair, MAIN, 0, READY).await?;
    stage.until_reported(&pair, SIBLING, 0, "hold").await?;
    // Only the first instance writes: what the others could write again would prove nothing.
    stage.probe("write", &pair, MAIN, &["write", "--path", FILE, "--text", stage.token()]).await?;
    end_main(stage, &pair, 0, READY, End::Told).await?;
    stage.until_running(&pair).await?;
    order_end(stage, &pair, 1, End::Told).await?;
    stage.until_pod("the writer to be down", stage.budgets().restart(), &pair, is_down).await?;
    stage.probe("read-meanwhile", &pair, SIBLING, &["read", "--path", FILE]).await?;
    until_back(stage, &pair, 2, READY).await
}

/// The writer has crashed for the second time, and is not back yet.
fn is_down(seen: &SeenPod) -> Option<()> {
    let main = seen.container(MAIN)?;
    let down = main.state.as_ref()?.running.is_none();
    (down && main.restart_count == 1).then_some(())
}

/// Each instance tells what it finds and adds the token once more.
fn judge_growth(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, 1)?;
    for restarts in 0..=2 {
        let found = seen.log_report(uid, MAIN, restarts, "read")?;
        let added = seen.log_report(uid, MAIN, restarts, "write")?;
        Inquiry::premise(&format!("the token added by instance {restarts}"), added.value.ok())?;
        match restarts {
            0 => Inquiry::premise_absent("nothing at first", &found)?,
            1 => say.assert_found("data-accumulates", &found, "content", &seen.token)?,
            _ => say.assert_found("data-accumulates", &found, "content", &seen.token.repeat(2))?,
        }
    }
    Ok(())
}

fn judge_reader(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, 1)?;
    let ids: Vec<_> = seen
        .states(uid)
        .filter_map(|seen| seen.container(SIBLING)?.container_id.as_deref())
        .filter(|id| !id.is_empty())
        .collect();
    let Some((first, later)) = ids.split_first() else {
        return Err(Missing::new("the container ID of the reader"));
    };
    let last = seen.container(uid, SIBLING)?;
    let goes_on = last.value.restarts == 0 && later.iter().all(|id| id == first);
    let told = format!("restarts: {}, container IDs: {ids:?}", last.value.restarts);
    say.assert("reader-goes-on", goes_on, "one container, never restarted", told, &last.pointer);

    let written = seen.exec_report("write", "write")?;
    Inquiry::premise("the token written by the first instance", written.value.ok())?;
    let wrote = seen.exec("write")?.ended;
    let first_only = seen.states(uid).take_while(|state| state.at <= wrote).last();
    let first_only =
        first_only.and_then(|state| state.container(MAIN)).is_some_and(|main| main.restart_count == 0);
    Inquiry::premise("the first instance while the token was written", first_only)?;
    let read = seen.exec_report("read-meanwhile", "read")?;
    let next = seen.log_report(uid, MAIN, 2, READY)?;
    let began = seen.exec("read-meanwhile")?.started;
    let before = seen.states(uid).take_while(|state| state.at <= began).last();
    Inquiry::premise("a writer that is down", before.is_some_and(|state| is_down(state).is_some()))?;
    // Both times are of the node's clock.
    let meanwhile = told_at(&read.value)? < told_at(&next.value)?;
    Inquiry::premise("a look before the writer was back", meanwhile)?;
    say.assert_found("reader-reads", &read, "content", &seen.token)
}

/// When the probe reported, in nanoseconds since the node began.
fn told_at(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new("the time of a report"))
}
