//! How fast the article's first pod writes.

use crate::cases::case::Case;
use crate::evidence::{Evidence, ExecEnd, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc1";
const WRITER: &str = "2nd";

/// How often the container's other loop, which is like the writer's own, goes round while the file grows.
const ROUNDS: usize = 8;

/// By how many lines the two loops may differ: one at each end, and one of the writer's that was slow.
const SLACK: usize = 3;

/// Stands between what the file was before and what it was after.
const RULE: &str = "====\n";

const READY: &str = "until test -s /html/index.html; do sleep 0.1; done";
const WATCH: &str = "cat /html/index.html; echo ====; for round in 1 2 3 4 5 6 7 8; do date; sleep 1; done \
                     > /html/.watched; cat /html/index.html";

pub(super) const APPENDS_EVERY_SECOND: Case = Case {
    id: "volume/appends-every-second",
    attire: Attire::AsTyped,
    expects: &[],
    drive: |stage| Box::pin(watch_it_grow(stage)),
    judge: judge_growth,
};

async fn watch_it_grow(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.exec("ready", &pod, WRITER, &["/bin/sh", "-c", READY]).await?;
    // Both loops have as long as a slow node needs.
    let budget = stage.budgets().pod_done();
    stage.exec_within(budget, "watched", &pod, WRITER, &["/bin/sh", "-c", WATCH]).await?;
    Ok(())
}

/// Both loops run in one container and write to one volume, so that a slow node and a slow disk delay them alike.
fn judge_growth(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("the pod", seen.applied(POD, 0).is_ok())?;
    let watched = seen.exec("watched")?;
    Inquiry::premise("a file that can be read", watched.end == ExecEnd::Exited(0))?;
    let (before, after) =
        watched.stdout.split_once(RULE).ok_or_else(|| Missing::new("the file before and after"))?;
    let had_a_line = seen.exec("ready")?.end == ExecEnd::Exited(0);
    Inquiry::premise("a file with a line before", had_a_line)?;
    let (first, last) = (before.lines().count(), after.lines().count());
    let pointer = "execs/watched";
    // It had a line a moment ago: an empty file has lost it, as one has that begins otherwise in the end.
    let kept = first > 0 && after.starts_with(before);
    let expected = format!("{} lines or more, the first ones as they were", first.max(1));
    say.assert("nothing-is-lost", kept, expected, format!("{first} lines, then {last}"), pointer);
    let added = last.saturating_sub(first);
    let expected = format!("{} to {} more lines", ROUNDS - SLACK, ROUNDS + SLACK);
    say.assert(
        "a-line-a-second",
        added.abs_diff(ROUNDS) <= SLACK,
        expected,
        format!("{added} lines"),
        pointer,
    );
    Ok(())
}
