//! Pipes and locks: files on a volume through which programs of two containers meet.

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done, home};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const PIPE: &str = "/data/fifo";
const LOCKED: &str = "/data/locked";

pub(super) const FIFO_AND_FLOCK: Case = Case {
    id: "ipc/fifo-and-flock",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(read_and_lock(stage)),
    judge: judge_both,
};

async fn read_and_lock(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "fifo-make"), (FINDER, "hold")]).await?;
    members.probe("held", FINDER, &["try-lock", "--path", LOCKED]).await?;
    members.probe("read", FINDER, &["fifo-read", "--path", PIPE]).await?;
    members.probe("end", FINDER, &["write", "--path", "/data/go", "--text", "now"]).await?;
    stage.until_ended(members.pod_of(MAKER)?, MAKER).await?;
    members.probe("free", FINDER, &["try-lock", "--path", LOCKED]).await?;
    Ok(())
}

fn judge_both(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = home(seen, MAKER)?;
    done(seen, MAKER, "lock")?;
    let read = seen.exec_report("read", "fifo-read")?;
    Inquiry::premise("a pipe that could be read", read.value.ok())?;
    say.assert_equal("pipe-carries-bytes", &seen.token.as_str(), &read.value.text("text")?, &read.pointer);

    seen.ending(uid, MAKER, 0)?;
    for (label, free, assertion) in
        [("held", false, "lock-excludes"), ("free", true, "lock-ends-with-its-holder")]
    {
        let tried = seen.exec_report(label, "try-lock")?;
        Inquiry::premise("a file to be locked", tried.value.present()?)?;
        Inquiry::errno_among(&tried.value, &["EAGAIN"])?;
        say.assert_equal(assertion, &free, &tried.value.truth("obtained")?, tried.pointer);
    }
    Ok(())
}
