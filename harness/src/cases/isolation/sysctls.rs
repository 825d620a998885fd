//! Sysctls of the IPC namespace in two pods.

use crate::cases::case::Case;
use crate::cases::two_pods::{HERE, THERE, premise_same_node, start_both_pods};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const PARAMETER: &str = "/proc/sys/kernel/shm_rmid_forced";

pub(super) const SYSCTL_BETWEEN_PODS: Case = Case {
    id: "isolation/sysctl-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_in_both(stage)),
    judge: judge_values,
};

async fn read_in_both(stage: &Stage) -> Result<(), StageError> {
    let (here, there) = start_both_pods(stage).await?;
    stage.probe("read-here", &here, HERE, &["read", "--path", PARAMETER]).await?;
    stage.probe("read-there", &there, THERE, &["read", "--path", PARAMETER]).await?;
    Ok(())
}

fn judge_values(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_same_node(seen)?;
    for (label, value, assertion) in
        [("read-here", "1\n", "set-in-its-pod"), ("read-there", "0\n", "not-in-another")]
    {
        inquiry.assert_found(assertion, &seen.exec_report(label, "read")?, "content", value)?;
    }
    Ok(())
}
