//! The rate at which the article's first pod writes.

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, ExecEnd, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "mc1";
const WRITER: &str = "2nd";

/// The number of rounds of a second loop in the same container, which takes as long per round as the writer's loop.
const ROUNDS: usize = 8;

/// The number of lines by which the two loops may differ: one at each end, and one for a slow round of the writer.
const TOLERANCE: usize = 3;

/// The line between the file's content before and after.
const SEPARATOR: &str = "====\n";

const READY: &str = "until test -s /html/index.html; do sleep 0.1; done";
const WATCH: &str = "cat /html/index.html; echo ====; for round in 1 2 3 4 5 6 7 8; do date; sleep 1; done \
                     > /html/.watched; cat /html/index.html";

pub(super) const APPENDS_EVERY_SECOND: Case = Case {
    id: "volume/appends-every-second",
    pod_profile: PodProfile::AsTyped,
    allows: &[],
    drive: |stage| Box::pin(watch_growth(stage)),
    judge: judge_growth,
};

async fn watch_growth(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.exec("ready", &pod, WRITER, &["/bin/sh", "-c", READY]).await?;
    // The budget covers a slow node, which delays both loops.
    let budget = stage.budgets().pod_done();
    stage.exec_within(budget, "watched", &pod, WRITER, &["/bin/sh", "-c", WATCH]).await?;
    Ok(())
}

/// Both loops run in the same container and write to the same volume, so a slow node or disk delays both equally.
fn judge_growth(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise("the pod", seen.applied(POD, 0).is_ok())?;
    let output = seen.exec("watched")?;
    Inquiry::premise("a file that can be read", output.end == ExecEnd::Exited(0))?;
    let (before, after) =
        output.stdout.split_once(SEPARATOR).ok_or_else(|| Missing::new("the file before and after"))?;
    let had_a_line = seen.exec("ready")?.end == ExecEnd::Exited(0);
    Inquiry::premise("a file with a line before", had_a_line)?;
    let (first, last) = (before.lines().count(), after.lines().count());
    let pointer = "execs/watched";
    // The file had a line before. It lost lines if it is empty now, or if its start changed later.
    let kept = first > 0 && after.starts_with(before);
    let expected = format!("{} lines or more, the first ones as they were", first.max(1));
    inquiry.assert("nothing-is-lost", kept, expected, format!("{first} lines, then {last}"), pointer);
    let added = last.saturating_sub(first);
    let expected = format!("{} to {} more lines", ROUNDS - TOLERANCE, ROUNDS + TOLERANCE);
    inquiry.assert(
        "a-line-a-second",
        added.abs_diff(ROUNDS) <= TOLERANCE,
        expected,
        format!("{added} lines"),
        pointer,
    );
    Ok(())
}
