//! The memory at /dev/shm: how much there is, and who shares it.

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done, told};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The only container of the pod that tells what is mounted.
const ONE: &str = "one";

const FOLDER: &str = "/dev/shm";

const MEBIBYTE: u64 = 1 << 20;

/// What the second container tries to write: more than there is in all.
const TOO_MUCH: u64 = 65 * MEBIBYTE;

pub(super) const DEVSHM_SIZE: Case = Case {
    id: "ipc/devshm-size",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(tell_the_mount(stage)),
    judge: judge_mount,
};

pub(super) const DEVSHM_ONE_LIMIT: Case = Case {
    id: "ipc/devshm-one-limit",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(fill_together(stage)),
    judge: judge_fill,
};

async fn tell_the_mount(stage: &Stage) -> Result<(), Blocked> {
    Members::gather(stage, &[(ONE, "mount")]).await.map(drop)
}

fn judge_mount(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let mount = told(seen, ONE, "mount")?;
    Inquiry::premise("a folder /dev/shm", mount.value.present()?)?;
    say.assert_equal("is-memory", &"tmpfs", &mount.value.text("fstype")?, &mount.pointer);
    // With which options it is mounted is promised by nobody, and differs with the runtime.
    say.assert_equal("is-64-mib", &(64 * MEBIBYTE), &mount.value.number("total_bytes")?, mount.pointer);
    Ok(())
}

async fn fill_together(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    let (theirs, own) = (format!("{FOLDER}/maker"), format!("{FOLDER}/finder"));
    members.probe("look", FINDER, &["stat", "--path", &theirs, "then", "mount", "--path", FOLDER]).await?;
    members.probe("fill", FINDER, &["fill", "--path", &own, "--bytes", &TOO_MUCH.to_string()]).await?;
    Ok(())
}

fn judge_fill(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let first = done(seen, MAKER, "fill")?;
    Inquiry::premise("room for the first file", first.value.truth("complete")?)?;
    let written = first.value.number("bytes_written")?;
    let look = seen.exec_report("look", "stat")?;
    let size = if look.value.present()? { Some(look.value.number("size")?) } else { None };
    say.assert_equal("all-see-the-file", &Some(written), &size, &look.pointer);

    let mount = seen.exec_report("look", "mount")?;
    Inquiry::premise("a folder /dev/shm in the second container", mount.value.present()?)?;
    let total = mount.value.number("total_bytes")?;
    let used = total.saturating_sub(mount.value.number("free_bytes")?);
    let expected = format!("{written} bytes used or more");
    say.assert("counts-for-all", used >= written, expected, format!("{used} bytes used"), mount.pointer);

    let second = seen.exec_report("fill", "fill")?;
    Inquiry::premise(
        "a second file that found no room any more",
        second.value.text("errno") == Ok("ENOSPC"),
    )?;
    let fitted = second.value.number("bytes_written")?;
    let rest = total.saturating_sub(written);
    let expected = format!("room for {rest} bytes or less");
    say.assert(
        "is-full-for-all",
        fitted <= rest,
        expected,
        format!("{fitted} bytes written"),
        second.pointer,
    );
    Ok(())
}
