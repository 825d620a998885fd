//! IPC objects of a pod that is deleted and made again under the same name.

use futures::TryFutureExt as _;

use crate::cases::case::Case;
use crate::cases::namesake::{HOLDER, namesakes, replace};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::Attire;

/// What looks for the object, what makes it, and the assertion that it is gone.
const OBJECTS: [(&str, &str, &str); 2] =
    [("mq-look", "mq-send", "queue-is-gone"), ("read", "write", "shm-file-is-gone")];

pub(super) const GONE_ON_REPLACEMENT: Case = Case {
    id: "ipc/gone-on-replacement",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(replace(stage, "write").map_ok(drop)),
    judge: judge_gone,
};

fn judge_gone(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = namesakes(seen)?;
    for (look, make, _) in OBJECTS {
        let before = seen.log_report(first, HOLDER, 0, look)?;
        Inquiry::premise_absent(&format!("nothing at the first `{look}`"), &before)?;
        let made = seen.log_report(first, HOLDER, 0, make)?;
        Inquiry::premise(&format!("a first `{make}` that worked"), made.value.ok())?;
    }
    for (look, _, assertion) in OBJECTS {
        say.assert_absent(assertion, &seen.log_report(second, HOLDER, 0, look)?)?;
    }
    Ok(())
}
