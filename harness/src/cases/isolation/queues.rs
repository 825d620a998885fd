//! Queues with the same name in two pods.

use crate::cases::case::Case;
use crate::cases::two_pods::{HERE, THERE, premise_same_node, start_both_pods};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

pub(super) const MQUEUE_BETWEEN_PODS: Case = Case {
    id: "isolation/mqueue-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(use_one_name_twice(stage)),
    judge: judge_two_queues,
};

async fn use_one_name_twice(stage: &Stage) -> Result<(), StageError> {
    let (here, there) = start_both_pods(stage).await?;
    let queue = format!("/pp-{}", stage.token());
    let look = [
        "mq-look",
        "--queue",
        &queue,
        "then",
        "mq-send",
        "--queue",
        &queue,
        "--text",
        "from-there",
        "--maxmsg",
        "1",
    ];
    stage.probe("look-there", &there, THERE, &look).await?;
    let receive = ["mq-receive", "--queue", &queue];
    // One after the other: if both pods shared one queue, the first would receive all messages.
    stage.probe("receive-here", &here, HERE, &receive).await?;
    stage.probe("receive-there", &there, THERE, &receive).await?;
    Ok(())
}

fn judge_two_queues(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (here, _) = premise_same_node(seen)?;
    let sent = seen.log_report(here, HERE, 0, "mq-send")?;
    Inquiry::premise("a queue with a message in the first pod", sent.value.ok())?;

    inquiry.assert_absent("not-visible", &seen.exec_report("look-there", "mq-look")?)?;
    let sent = seen.exec_report("look-there", "mq-send")?;
    Inquiry::premise("a message sent in the second pod", sent.value.ok())?;
    for (label, own) in [("receive-here", "from-here"), ("receive-there", "from-there")] {
        let received = seen.exec_report(label, "mq-receive")?;
        Inquiry::premise("a queue in each pod", received.value.present()?)?;
        inquiry.assert_equal(
            "no-crosstalk",
            &serde_json::json!([own]),
            received.value.field("texts")?,
            received.pointer,
        );
    }
    Ok(())
}
