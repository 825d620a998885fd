//! What an init container leaves for the containers of the app.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::members::{Members, told};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const ONE: &str = "one";
const INIT: &str = "init";
const APP: &str = "app";

/// What the init container does to make the objects.
const MAKES: [&str; 3] = ["mq-send", "shm-put", "write"];

pub(super) const INIT_LEAVES_OBJECTS: Case = Case {
    id: "ipc/init-leaves-objects",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(start(stage)),
    judge: judge_objects,
};

async fn start(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(APP, "hold")]).await?;
    // Its log may come later than that of the app.
    stage.until_reported(members.pod_of(APP)?, INIT, 0, "write").await
}

fn judge_objects(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(ONE, 0)?.uid;
    for verb in MAKES {
        let made = seen.log_report(uid, INIT, 0, verb)?;
        Inquiry::premise(&format!("a `{verb}` of the init container that worked"), made.value.ok())?;
    }
    let queue = told(seen, APP, "mq-receive")?;
    let texts = if queue.value.present()? { queue.value.field("texts")?.clone() } else { json!([]) };
    let expected: Vec<_> = (1..=3).map(|index| format!("{}-{index}", seen.token)).collect();
    say.assert_equal("queue-is-left", &json!(expected), &texts, queue.pointer);
    say.assert_found("segment-is-left", &told(seen, APP, "shm-look")?, "text", &seen.token)?;
    say.assert_found("shm-file-is-left", &told(seen, APP, "read")?, "content", &seen.token)
}
