//! System V objects with the same key, and files in `/dev/shm` with the same name, in two pods.

use crate::cases::case::Case;
use crate::cases::two_pods::{HERE, THERE, premise_same_node, start_both_pods};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const KEY: &str = "70706973";

/// The verb that creates an object in the first pod, the verb that looks for it in the second, and the assertion that
/// it is not visible.
const OBJECTS: [(&str, &str, &str); 3] = [
    ("shm-put", "shm-look", "segment-is-not-visible"),
    ("sem-create", "sem-look", "semaphore-is-not-visible"),
    ("msg-send", "msg-look", "queue-is-not-visible"),
];

pub(super) const SYSV_BETWEEN_PODS: Case = Case {
    id: "isolation/sysv-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(use_one_key_twice(stage)),
    judge: judge_objects,
};

pub(super) const DEVSHM_BETWEEN_PODS: Case = Case {
    id: "isolation/devshm-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(use_one_name_twice(stage)),
    judge: judge_files,
};

async fn use_one_key_twice(stage: &Stage) -> Result<(), StageError> {
    let (here, there) = start_both_pods(stage).await?;
    let looks = OBJECTS.map(|(_, look, _)| [look, "--key", KEY, "then"]).concat();
    let put = ["shm-put", "--key", KEY, "--text", "from-there"];
    stage.probe("look-there", &there, THERE, &[&looks[..], &put].concat()).await?;
    stage.probe("again-here", &here, HERE, &["shm-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_objects(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (here, _) = premise_same_node(seen)?;
    for (make, look, assertion) in OBJECTS {
        let made = seen.log_report(here, HERE, 0, make)?;
        Inquiry::premise(&format!("a `{make}` that succeeded"), made.value.ok())?;
        inquiry.assert_absent(assertion, &seen.exec_report("look-there", look)?)?;
    }
    let put = seen.exec_report("look-there", "shm-put")?;
    Inquiry::premise("a segment in the second pod", put.value.ok())?;
    inquiry.assert_found("no-crosstalk", &seen.exec_report("again-here", "shm-look")?, "text", "from-here")
}

async fn use_one_name_twice(stage: &Stage) -> Result<(), StageError> {
    let (here, there) = start_both_pods(stage).await?;
    let file = format!("/dev/shm/pp-{}", stage.token());
    let look = ["read", "--path", &file, "then", "write", "--path", &file, "--text", "from-there"];
    stage.probe("look-there", &there, THERE, &look).await?;
    stage.probe("again-here", &here, HERE, &["read", "--path", &file]).await?;
    Ok(())
}

fn judge_files(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (here, _) = premise_same_node(seen)?;
    let made = seen.log_report(here, HERE, 0, "write")?;
    Inquiry::premise("a file in the first pod", made.value.ok())?;
    inquiry.assert_absent("not-visible", &seen.exec_report("look-there", "read")?)?;
    let made = seen.exec_report("look-there", "write")?;
    Inquiry::premise("a file in the second pod", made.value.ok())?;
    inquiry.assert_found("no-crosstalk", &seen.exec_report("again-here", "read")?, "content", "from-here")
}
