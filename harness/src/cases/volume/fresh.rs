//! The properties of a new volume.

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const POD: &str = "fresh";
const LOOKER: &str = "looker";

/// The mount paths of the volume on the node's disk and of the volume in memory.
const DISK: &str = "/disk";
const MEMORY: &str = "/memory";

/// A file that the kubelet keeps on the same disk as the pod's volumes.
const HOSTS: &str = "/etc/hosts";

/// The `fsGroup` of the pod.
const GROUP: u64 = 4242;

pub(super) const INITIALLY_EMPTY: Case = Case {
    id: "volume/initially-empty",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_empty,
};

pub(super) const MEMORY_IS_TMPFS: Case = Case {
    id: "volume/memory-is-tmpfs",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_file_systems,
};

pub(super) const DEFAULT_MODE: Case = Case {
    id: "volume/default-mode",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_modes,
};

pub(super) const FSGROUP: Case = Case {
    id: "volume/fsgroup",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_group,
};

async fn look(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, LOOKER, 0, "hold").await
}

fn judge_empty(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    inquiry.assert_empty("disk-is-empty", &report_on(seen, "list", DISK)?)?;
    inquiry.assert_empty("memory-is-empty", &report_on(seen, "list", MEMORY)?)
}

fn judge_file_systems(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let memory = report_on(seen, "mount", MEMORY)?;
    inquiry.assert_equal("memory-is-tmpfs", &"tmpfs", &memory.value.text("fstype")?, memory.pointer);
    let device = |path| report_on(seen, "stat", path)?.value.number("dev");
    let (disk, hosts) = (report_on(seen, "stat", DISK)?, device(HOSTS)?);
    inquiry.assert_equal("default-is-the-nodes-disk", &hosts, &disk.value.number("dev")?, disk.pointer);
    Ok(())
}

fn judge_modes(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for (path, mode, assertion) in [(DISK, "777", "disk-is-777"), (MEMORY, "1777", "memory-is-1777")] {
        let directory = report_on(seen, "stat", path)?;
        inquiry.assert_equal(assertion, &mode, &directory.value.text("mode")?, directory.pointer);
    }
    Ok(())
}

fn judge_group(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let made = report_on(seen, "write", "/disk/new")?;
    Inquiry::premise("a new file on the volume", made.value.ok())?;
    let (directory, file) = (report_on(seen, "stat", DISK)?, report_on(seen, "stat", "/disk/new")?);
    inquiry.assert_equal("group-owns-it", &GROUP, &directory.value.number("gid")?, &directory.pointer);
    inquiry.assert_equal("group-may-write", &"2777", &directory.value.text("mode")?, &directory.pointer);
    inquiry.assert_equal("files-inherit-the-group", &GROUP, &file.value.number("gid")?, &file.pointer);
    Ok(())
}

/// Returns the report of `verb` on `path` by the container `looker`.
fn report_on(seen: &Evidence, verb: &str, path: &str) -> Result<Fact<ProbeReport>, Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    seen.log_report_on((uid, LOOKER, 0), verb, path)
}
