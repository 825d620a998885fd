//! The IPC namespace of each container.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::two_pods::{premise_one_node, premise_same_kernel};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "three";
const INIT: &str = "init";
const CONTAINERS: [&str; 2] = ["left", "right"];
const OTHER: &str = "other";

pub(super) const SAME_NAMESPACE: Case = Case {
    id: "ipc/same-namespace",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(report_identities(stage)),
    judge: judge_links,
};

async fn report_identities(stage: &Stage) -> Result<(), StageError> {
    let three = stage.create(POD).await?;
    // Namespace numbers can be compared only on one node.
    let other = stage.create_beside(OTHER, &three).await?;
    try_join!(
        stage.until_reported(&three, INIT, 0, "identity"),
        stage.until_reported(&three, CONTAINERS[0], 0, "identity"),
        stage.until_reported(&three, CONTAINERS[1], 0, "identity"),
        stage.until_reported(&other, OTHER, 0, "identity"),
    )?;
    // Both pods must be alive at the same time: the kernel reuses the number of a namespace that is gone.
    try_join!(
        stage.probe("ipc-of-three", &three, CONTAINERS[0], &["identity"]),
        stage.probe("ipc-of-other", &other, OTHER, &["identity"]),
    )?;
    Ok(())
}

fn judge_links(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (three, other) = (&seen.applied(POD, 0)?.uid, &seen.applied(OTHER, 0)?.uid);
    premise_one_node(seen, three, other)?;

    let here = seen.exec_report("ipc-of-three", "identity")?;
    let link = here.value.namespace("ipc")?;
    for container in [INIT].iter().chain(&CONTAINERS) {
        let report = seen.log_report(three, container, 0, "identity")?;
        inquiry.assert_equal("one-in-the-pod", &link, &report.value.namespace("ipc")?, report.pointer);
    }
    let elsewhere = seen.exec_report("ipc-of-other", "identity")?;
    premise_same_kernel(&here, &elsewhere)?;
    let theirs = elsewhere.value.namespace("ipc")?;
    inquiry.assert_differ("another-in-another-pod", "IPC namespaces", &link, &theirs, elsewhere.pointer);
    Ok(())
}
