//! Volumes of one name in two pods.

use crate::cases::case::Case;
use crate::cases::neighbours::{HERE, THERE, neighbours, settle, under_one_kernel};
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const TOKEN: &str = "/data/token";

pub(super) const ISOLATED_BETWEEN_PODS: Case = Case {
    id: "volume/isolated-between-pods",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_there(stage)),
    judge: judge_two_folders,
};

async fn look_there(stage: &Stage) -> Result<(), Blocked> {
    let (here, there) = settle(stage).await?;
    // Both live: the numbers of files that are gone are used again.
    let look = ["identity", "then", "stat", "--path", "/data", "then", "read", "--path", TOKEN];
    stage.probe("look-here", &here, HERE, &look).await?;
    stage.probe("look-there", &there, THERE, &look).await?;
    Ok(())
}

fn judge_two_folders(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    neighbours(seen)?;
    let token = seen.exec_report("look-here", "read")?;
    let kept = token.value.present()? && token.value.text("content")? == seen.token;
    Inquiry::premise("the token in the first pod", kept)?;
    say.assert_absent("not-visible", &seen.exec_report("look-there", "read")?)?;

    under_one_kernel(
        &seen.exec_report("look-here", "identity")?,
        &seen.exec_report("look-there", "identity")?,
    )?;
    let place = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
    let (one, other) = (seen.exec_report("look-here", "stat")?, seen.exec_report("look-there", "stat")?);
    say.assert_differ("another-folder", "folders", &place(&one.value)?, &place(&other.value)?, other.pointer);
    Ok(())
}
