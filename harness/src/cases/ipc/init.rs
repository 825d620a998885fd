//! IPC objects that an init container leaves for the app containers.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, report_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const ONE: &str = "one";
const INIT: &str = "init";
const APP: &str = "app";

/// The verbs with which the init container creates the objects.
const CREATE_VERBS: [&str; 3] = ["mq-send", "shm-put", "write"];

pub(super) const INIT_LEAVES_OBJECTS: Case = Case {
    id: "ipc/init-leaves-objects",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start(stage)),
    judge: judge_objects,
};

async fn start(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(APP, "hold")]).await?;
    // The log of the init container may arrive later than that of the app.
    stage.until_reported(pods.pod_of(APP)?, INIT, 0, "write").await
}

fn judge_objects(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(ONE, 0)?.uid;
    for verb in CREATE_VERBS {
        let made = seen.log_report(uid, INIT, 0, verb)?;
        Inquiry::premise(&format!("a `{verb}` of the init container that succeeded"), made.value.ok())?;
    }
    let queue = report_of(seen, APP, "mq-receive")?;
    let texts = if queue.value.present()? { queue.value.field("texts")?.clone() } else { json!([]) };
    let expected: Vec<_> = (1..=3).map(|index| format!("{}-{index}", seen.token)).collect();
    inquiry.assert_equal("queue-is-left", &json!(expected), &texts, queue.pointer);
    inquiry.assert_found("segment-is-left", &report_of(seen, APP, "shm-look")?, "text", &seen.token)?;
    inquiry.assert_found("shm-file-is-left", &report_of(seen, APP, "read")?, "content", &seen.token)
}
