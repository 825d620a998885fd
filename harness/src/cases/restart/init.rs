//! Init containers, and the restarts of others.

use crate::cases::case::Case;
use crate::cases::comeback::{End, MAIN, came_back, end_once, until_end_told};
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The pod whose init container fails at first.
const SINGLE: &str = "single";

const INIT: &str = "init";

/// The file to which each start of the init container adds a line.
const STARTS: &str = "/data/starts";

pub(super) const INIT_NOT_RERUN: Case = Case {
    id: "restart/init-not-rerun",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN), Expected::Restart(INIT)],
    drive: |stage| Box::pin(async { end_once(stage, "read", End::Told).await.map(drop) }),
    judge: judge_starts,
};

pub(super) const INIT_IS_RETRIED: Case = Case {
    id: "restart/init-is-retried",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(INIT)],
    drive: |stage| Box::pin(fail_first(stage)),
    judge: judge_retry,
};

fn judge_starts(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, 1)?;
    let before = seen.log_report_on((uid, MAIN, 0), "read", STARTS)?;
    Inquiry::premise("one start at first", before.value.text("content")? == "1\n")?;
    let after = seen.log_report_on((uid, MAIN, 1), "read", STARTS)?;
    say.assert_found("starts-are-not-repeated", &after, "content", "1\n")?;

    let first = seen.ending(uid, INIT, 0)?;
    let now = seen.container(uid, INIT)?;
    say.assert_equal("status-is-kept", &0, &now.value.restarts, &now.pointer);
    let id = now.value.ended.and_then(|end| end.container_id);
    say.assert_equal("status-is-kept", &first.value.container_id, &id, now.pointer);
    Ok(())
}

async fn fail_first(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(SINGLE).await?;
    let look = |seen: &SeenPod| {
        let main_began = seen.has_begun(MAIN);
        (main_began || seen.is_terminal()).then_some(())
    };
    stage
        .until_pod("the start of main, or the end of its pod", stage.budgets().pod_done(), &pod, look)
        .await?;
    until_end_told(stage, &pod, INIT, 0).await
}

fn judge_retry(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SINGLE, 0)?.uid;
    undisturbed(seen, uid)?;
    let first = seen.ending(uid, INIT, 0)?;
    Inquiry::premise("an init container that failed", first.value.exit_code == 1)?;
    let retried =
        seen.states(uid).any(|state| state.container(INIT).is_some_and(|init| init.restart_count > 0));
    let last = seen.last(uid)?;
    let began = seen.states(uid).filter(|state| state.has_begun(MAIN));
    let too_early = began.filter(|state| {
        let end = state.end_of(INIT, 1);
        end.is_none_or(|end| end.exit_code != 0)
    });
    if !retried {
        Inquiry::premise("a second start, or the end of the pod", last.is_terminal())?;
    }
    say.assert("init-is-retried", retried, "a second start", last.phase(), first.pointer);
    let too_early = too_early.count();
    Inquiry::premise("a start of main", retried && last.has_begun(MAIN))?;
    say.assert_equal("app-waits", &0, &too_early, format!("timeline/{SINGLE}/{MAIN}"));
    Ok(())
}
