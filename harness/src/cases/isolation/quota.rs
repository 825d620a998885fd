//! A limit that the kernel counts per user and not per pod.

use futures::try_join;

use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Fact, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// A pod that makes queues until it is stopped, another of the same user, and one of another user.
const FILLER: &str = "filler";
const SAME: &str = "same";
const OTHER: &str = "other";

pub(super) const MQUEUE_QUOTA_PER_UID: Case = Case {
    id: "isolation/mqueue-quota-per-uid",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(use_up_the_quota(stage)),
    judge: judge_quota,
};

async fn use_up_the_quota(stage: &Stage) -> Result<(), Blocked> {
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
    // The queues count until the last process of their pod has ended; whoever comes next must find none.
    stage.delete_and_wait(&filler).await
}

fn judge_quota(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let mut nodes = Vec::new();
    for name in [FILLER, SAME, OTHER] {
        nodes.push(seen.last(&seen.applied(name, 0)?.uid)?.node());
    }
    let one_node = nodes[0].is_some() && nodes.iter().all(|node| *node == nodes[0]);
    Inquiry::premise("all pods on one node", one_node)?;

    let first = answered(seen.log_report(&seen.applied(FILLER, 0)?.uid, FILLER, 0, "mq-create")?)?;
    say.assert("user-is-stopped", is_stopped(&first), "EMFILE", first.value.to_string(), &first.pointer);
    let second = answered(seen.exec_report("in-same", "mq-create")?)?;
    let at_once = is_stopped(&second) && second.value.number("created")? == 0;
    say.assert(
        "in-his-other-pods-too",
        at_once,
        "no queue, EMFILE",
        second.value.to_string(),
        second.pointer,
    );
    let third = answered(seen.exec_report("in-other", "mq-create")?)?;
    let free = !is_stopped(&third) && third.value.number("created")? == 1;
    say.assert("other-users-are-not", free, "one queue", third.value.to_string(), third.pointer);
    Ok(())
}

/// A report that the user's limit was met or that nothing was: another limit says nothing about this one.
fn answered(report: Fact<ProbeReport>) -> Result<Fact<ProbeReport>, Missing> {
    let answered = report.value.ok() && (is_stopped(&report) || report.value.text("errno").is_err());
    Inquiry::premise(&format!("queues, or EMFILE ({})", report.value), answered)?;
    Ok(report)
}

fn is_stopped(report: &Fact<ProbeReport>) -> bool {
    report.value.text("errno") == Ok("EMFILE")
}
