//! Who may do what with a queue of another user.

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const QUEUE: &str = "/podproof";

pub(super) const MQ_PERMISSIONS: Case = Case {
    id: "ipc/mq-permissions",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(try_as_another(stage)),
    judge: judge_tries,
};

async fn try_as_another(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("read", FINDER, &["mq-open", "--queue", QUEUE, "--access", "r"]).await?;
    members.probe("write", FINDER, &["mq-open", "--queue", QUEUE, "--access", "w"]).await?;
    members.probe("remove", FINDER, &["mq-unlink", "--queue", QUEUE]).await?;
    // Whether it is still there is for its maker to say: he may always look.
    members.probe("left", MAKER, &["mq-look", "--queue", QUEUE]).await?;
    Ok(())
}

fn judge_tries(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let made = done(seen, MAKER, "mq-create")?;
    Inquiry::premise("a queue that was made", made.value.number("created")? == 1)?;
    for (label, may, assertion) in
        [("read", true, "others-may-read"), ("write", false, "others-may-not-write")]
    {
        let tried = seen.exec_report(label, "mq-open")?;
        Inquiry::premise("a queue to be opened", tried.value.present()?)?;
        let errno = tried.value.text("errno");
        Inquiry::premise("no other refusal than that of its mode", matches!(errno, Err(_) | Ok("EACCES")))?;
        say.assert_equal(assertion, &may, &tried.value.truth("opened")?, tried.pointer);
    }
    let tried = seen.exec_report("remove", "mq-unlink")?;
    let left = seen.exec_report("left", "mq-look")?.value.present()?;
    let removed = tried.value.ok() && tried.value.present()?;
    // The system says EPERM for a folder with the sticky bit, of which some C libraries make EACCES.
    let refused = !tried.value.ok() && matches!(tried.value.text("errno"), Ok("EPERM" | "EACCES"));
    Inquiry::premise("an answer to the try to remove it", removed || refused)?;
    let told = format!("removed: {removed}, still there: {left}");
    let expected = "removed: false, still there: true";
    say.assert("others-may-not-remove", !removed && left, expected, told, tried.pointer);
    Ok(())
}
