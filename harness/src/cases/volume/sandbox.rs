//! Volumes of a pod that loses its sandbox.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{kept, lose_sandbox, lost};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::Attire;

const TOKEN: &str = "/data/token";

pub(super) const SURVIVES_SANDBOX_RECREATE: Case = Case {
    id: "volume/survives-sandbox-recreate",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Ended("wipe"), Expected::Outage],
    drive: |stage| Box::pin(lose_sandbox(stage)),
    judge: judge_token,
};

fn judge_token(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = lost(seen)?;
    kept(seen, uid, "write", TOKEN)?;
    let after = seen.log_report_on((uid, MAIN, 1), "read", TOKEN)?;
    say.assert_found("token-survives", &after, "content", &seen.token)
}
