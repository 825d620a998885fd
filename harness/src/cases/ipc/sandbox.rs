//! IPC objects of a pod that loses its sandbox.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{lose_sandbox, lost};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::Attire;

/// What looks for an object, what made it, and the assertion that it is lost.
const OBJECTS: [(&str, &str, &str); 2] =
    [("mq-look", "mq-send", "queue-is-lost"), ("shm-look", "shm-put", "segment-is-lost")];

pub(super) const LOST_ON_SANDBOX_RECREATE: Case = Case {
    id: "ipc/lost-on-sandbox-recreate",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(lose_sandbox(stage)),
    judge: judge_objects,
};

fn judge_objects(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = lost(seen)?;
    for (look, make, assertion) in OBJECTS {
        let made = seen.log_report(uid, MAIN, 0, make)?;
        Inquiry::premise(&format!("a `{make}` that worked"), made.value.ok())?;
        say.assert_absent(assertion, &seen.log_report(uid, MAIN, 1, look)?)?;
    }
    Ok(())
}
