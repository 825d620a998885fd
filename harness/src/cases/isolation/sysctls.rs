//! Kernel parameters of the IPC namespace.

use crate::cases::case::Case;
use crate::cases::neighbours::{HERE, THERE, neighbours, settle};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const PARAMETER: &str = "/proc/sys/kernel/shm_rmid_forced";

pub(super) const SYSCTL_BETWEEN_PODS: Case = Case {
    id: "isolation/sysctl-between-pods",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(read_in_both(stage)),
    judge: judge_values,
};

async fn read_in_both(stage: &Stage) -> Result<(), Blocked> {
    let (here, there) = settle(stage).await?;
    stage.probe("read-here", &here, HERE, &["read", "--path", PARAMETER]).await?;
    stage.probe("read-there", &there, THERE, &["read", "--path", PARAMETER]).await?;
    Ok(())
}

fn judge_values(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    neighbours(seen)?;
    for (label, value, assertion) in
        [("read-here", "1\n", "set-in-its-pod"), ("read-there", "0\n", "not-in-another")]
    {
        say.assert_found(assertion, &seen.exec_report(label, "read")?, "content", value)?;
    }
    Ok(())
}
