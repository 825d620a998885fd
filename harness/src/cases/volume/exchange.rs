//! A file that one container replaces by `rename` while another reads it.

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "exchange";
const READER: &str = "reader";

/// How many times the file is read.
const READS: u64 = 20_000;

pub(super) const ATOMIC_RENAME_VISIBLE: Case = Case {
    id: "volume/atomic-rename-visible",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_often(stage)),
    judge: judge_reads,
};

async fn read_often(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, READER, 0, "check-loop").await
}

fn judge_reads(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let checked = seen.log_report(uid, READER, 0, "check-loop")?;
    for (assertion, field) in [("never-torn", "torn"), ("never-absent", "absent")] {
        inquiry.assert_equal(assertion, &0, &checked.value.number(field)?, &checked.pointer);
    }
    Inquiry::premise("a file that was read often", checked.value.number("reads")? == READS)?;
    Inquiry::premise("a file that was replaced meanwhile", checked.value.number("distinct")? >= 2)
}
