//! The memory at `/dev/shm`: its size, and which containers share it.

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of, report_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The only container of the pod that reports its mount.
const ONE: &str = "one";

const FOLDER: &str = "/dev/shm";

const MEBIBYTE: u64 = 1 << 20;

/// The number of bytes that the second container tries to write: more than the whole file system holds.
const TOO_MUCH: u64 = 65 * MEBIBYTE;

pub(super) const DEVSHM_SIZE: Case = Case {
    id: "ipc/devshm-size",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(report_mount(stage)),
    judge: judge_mount,
};

pub(super) const DEVSHM_ONE_LIMIT: Case = Case {
    id: "ipc/devshm-one-limit",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(fill_together(stage)),
    judge: judge_fill,
};

async fn report_mount(stage: &Stage) -> Result<(), StageError> {
    ColocatedPods::create_all(stage, &[(ONE, "mount")]).await.map(drop)
}

fn judge_mount(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let mount = report_of(seen, ONE, "mount")?;
    Inquiry::premise("a directory /dev/shm", mount.value.present()?)?;
    inquiry.assert_equal("is-memory", &"tmpfs", &mount.value.text("fstype")?, &mount.pointer);
    // Mount options are not checked: nothing documents them, and they differ between runtimes.
    inquiry.assert_equal("is-64-mib", &(64 * MEBIBYTE), &mount.value.number("total_bytes")?, mount.pointer);
    Ok(())
}

async fn fill_together(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    let (theirs, own) = (format!("{FOLDER}/maker"), format!("{FOLDER}/finder"));
    pods.probe("look", FINDER, &["stat", "--path", &theirs, "then", "mount", "--path", FOLDER]).await?;
    pods.probe("fill", FINDER, &["fill", "--path", &own, "--bytes", &TOO_MUCH.to_string()]).await?;
    Ok(())
}

fn judge_fill(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let first = ok_report_of(seen, MAKER, "fill")?;
    Inquiry::premise("room for the first file", first.value.truth("complete")?)?;
    let written = first.value.number("bytes_written")?;
    let look = seen.exec_report("look", "stat")?;
    let size = if look.value.present()? { Some(look.value.number("size")?) } else { None };
    inquiry.assert_equal("all-see-the-file", &Some(written), &size, &look.pointer);

    let mount = seen.exec_report("look", "mount")?;
    Inquiry::premise("a directory /dev/shm in the second container", mount.value.present()?)?;
    let total = mount.value.number("total_bytes")?;
    let used = total.saturating_sub(mount.value.number("free_bytes")?);
    let expected = format!("{written} bytes used or more");
    inquiry.assert("counts-for-all", used >= written, expected, format!("{used} bytes used"), mount.pointer);

    let second = seen.exec_report("fill", "fill")?;
    Inquiry::premise("a second file that did not fit", second.value.text("errno") == Ok("ENOSPC"))?;
    let fitted = second.value.number("bytes_written")?;
    let rest = total.saturating_sub(written);
    let expected = format!("room for {rest} bytes or less");
    inquiry.assert(
        "is-full-for-all",
        fitted <= rest,
        expected,
        format!("{fitted} bytes written"),
        second.pointer,
    );
    Ok(())
}
