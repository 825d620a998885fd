//! What a volume is like before anybody has used it.

use crate::cases::case::Case;
use crate::evidence::{Evidence, Fact, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "fresh";
const LOOKER: &str = "looker";

/// Where the two volumes are, on the node's disk and in its memory.
const DISK: &str = "/disk";
const MEMORY: &str = "/memory";

/// A file that the kubelet keeps beside the pod's volumes on the disk.
const HOSTS: &str = "/etc/hosts";

/// The group that is to own the volume.
const GROUP: u64 = 4242;

pub(super) const INITIALLY_EMPTY: Case = Case {
    id: "volume/initially-empty",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_empty,
};

pub(super) const MEMORY_IS_TMPFS: Case = Case {
    id: "volume/memory-is-tmpfs",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_file_systems,
};

pub(super) const DEFAULT_MODE: Case = Case {
    id: "volume/default-mode",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_modes,
};

pub(super) const FSGROUP: Case = Case {
    id: "volume/fsgroup",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look(stage)),
    judge: judge_group,
};

async fn look(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, LOOKER, 0, "hold").await
}

fn judge_empty(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    say.assert_empty("disk-is-empty", &told(seen, "list", DISK)?)?;
    say.assert_empty("memory-is-empty", &told(seen, "list", MEMORY)?)
}

fn judge_file_systems(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let memory = told(seen, "mount", MEMORY)?;
    say.assert_equal("memory-is-tmpfs", &"tmpfs", &memory.value.text("fstype")?, memory.pointer);
    let device = |path| told(seen, "stat", path)?.value.number("dev");
    let (disk, hosts) = (told(seen, "stat", DISK)?, device(HOSTS)?);
    say.assert_equal("default-is-the-nodes-disk", &hosts, &disk.value.number("dev")?, disk.pointer);
    Ok(())
}

fn judge_modes(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for (path, mode, assertion) in [(DISK, "777", "disk-is-777"), (MEMORY, "1777", "memory-is-1777")] {
        let folder = told(seen, "stat", path)?;
        say.assert_equal(assertion, &mode, &folder.value.text("mode")?, folder.pointer);
    }
    Ok(())
}

fn judge_group(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let made = told(seen, "write", "/disk/new")?;
    Inquiry::premise("a new file on the volume", made.value.ok())?;
    let (folder, file) = (told(seen, "stat", DISK)?, told(seen, "stat", "/disk/new")?);
    say.assert_equal("group-owns-it", &GROUP, &folder.value.number("gid")?, &folder.pointer);
    say.assert_equal("group-may-write", &"2777", &folder.value.text("mode")?, &folder.pointer);
    say.assert_equal("files-inherit-the-group", &GROUP, &file.value.number("gid")?, &file.pointer);
    Ok(())
}

/// What the looker told of `path`.
fn told(seen: &Evidence, verb: &str, path: &str) -> Result<Fact<ProbeReport>, Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    seen.log_report_on((uid, LOOKER, 0), verb, path)
}
