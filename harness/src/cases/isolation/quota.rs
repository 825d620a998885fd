//! A kernel limit that applies per user and not per pod.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

/// A pod that creates queues until the kernel refuses, a pod of the same user, and a pod of another user.
const FILLER: &str = "filler";
const SAME: &str = "same";
const OTHER: &str = "other";

pub(super) const MQUEUE_QUOTA_PER_UID: Case = Case {
    id: "isolation/mqueue-quota-per-uid",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(use_up_the_quota(stage)),
    judge: judge_quota,
};

async fn use_up_the_quota(stage: &Stage) -> Result<(), StageError> {
    let filler = stage.create(FILLER).await?;
    let same = stage.create_beside(SAME, &filler).await?;
    let other = stage.create_beside(OTHER, &filler).await?;
    try_join!(
        stage.until_reported(&filler, FILLER, 0, "hold"),
        stage.until_reported(&same, SAME, 0, "hold"),
        stage.until_reported(&other, OTHER, 0, "hold"),
    )?;
    let create = ["mq-create", "--queue", "/one"];
    stage.probe("in-same", &same, SAME, &create).await?;
    stage.probe("in-other", &other, OTHER, &create).await?;
    // The queues count against the limit until the last process of the pod has ended, so wait before the next case
    // runs.
    stage.delete_and_wait(&filler).await
}

fn judge_quota(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let filler = &seen.applied(FILLER, 0)?.uid;
    for name in [SAME, OTHER] {
        premise_one_node(seen, filler, &seen.applied(name, 0)?.uid)?;
    }

    let first = premise_within_limit_or_emfile(seen.log_report(filler, FILLER, 0, "mq-create")?)?;
    inquiry.assert("user-is-stopped", hit_limit(&first), "EMFILE", first.value.to_string(), &first.pointer);
    let second = premise_within_limit_or_emfile(seen.exec_report("in-same", "mq-create")?)?;
    let none_created = hit_limit(&second) && second.value.number("created")? == 0;
    inquiry.assert(
        "in-his-other-pods-too",
        none_created,
        "no queue, EMFILE",
        second.value.to_string(),
        second.pointer,
    );
    let third = premise_within_limit_or_emfile(seen.exec_report("in-other", "mq-create")?)?;
    let allowed = !hit_limit(&third) && third.value.number("created")? == 1;
    inquiry.assert("other-users-are-not", allowed, "one queue", third.value.to_string(), third.pointer);
    Ok(())
}

/// Requires that the verb succeeded or failed with EMFILE: another limit says nothing about this one.
fn premise_within_limit_or_emfile(report: Fact<ProbeReport>) -> Result<Fact<ProbeReport>, Missing> {
    let is_known = report.value.ok() && (hit_limit(&report) || report.value.text("errno").is_err());
    Inquiry::premise(&format!("created queues, or EMFILE ({})", report.value), is_known)?;
    Ok(report)
}

fn hit_limit(report: &Fact<ProbeReport>) -> bool {
    report.value.text("errno") == Ok("EMFILE")
}
