//! A pod that is deleted and recreated with the same name.

use futures::TryFutureExt as _;

use crate::cases::case::Case;
use crate::cases::pod_replacement::{HOLDER, premise_replaced, replace};
use crate::cases::premise::Disturbance;
use crate::stage::PodProfile;
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

pub(super) const GONE_ON_SAME_NAME_RECREATE: Case = Case {
    id: "volume/gone-on-same-name-recreate",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(replace(stage, "write").map_ok(drop)),
    judge: judge_empty,
};

fn judge_empty(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = premise_replaced(seen)?;
    let before = seen.log_report(first, HOLDER, 0, "list")?;
    Inquiry::premise("a volume that was empty at first", before.value.number("count")? == 0)?;
    let written = seen.log_report(first, HOLDER, 0, "write")?;
    Inquiry::premise("the token written by the first pod", written.value.ok())?;

    inquiry.assert_empty("starts-empty", &seen.log_report(second, HOLDER, 0, "list")?)
}
