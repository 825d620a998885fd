//! The article's "one major problem": a consumer that starts before the queue exists.

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, PRODUCER, STUCK_AT, consumer_log, gave_up, premise_not_ended_by_node, produced_count,
};
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, LogText, Missing, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";

/// The mark set when the pod has been watched for the whole quiet window.
const WATCHED: &str = "watched";

pub(super) const RACE_REPRODUCED: Case = Case {
    id: "startup/race-reproduced",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start_consumer_first(stage)),
    judge: judge_race,
};

async fn start_consumer_first(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, CONSUMER).await?;
    let at_least = |count| move |log: &LogText| (produced_count(log) >= count).then_some(());
    stage.until_log("the producer's eleventh message", (&pod, PRODUCER, 0), at_least(STUCK_AT)).await?;
    let went_on = stage.observe_for("the producer to go on", stage.budgets().quiet_window(), |seen| {
        let more = seen.log(&pod.uid, PRODUCER, 0).and_then(at_least(STUCK_AT + 1));
        let over = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
        if more.is_some() || over { Progress::Met(()) } else { Progress::NotYet }
    });
    went_on.await?;
    stage.mark(WATCHED);
    Ok(())
}

fn judge_race(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    Inquiry::premise_absent("a consumer that started before the queue existed", &look)?;

    let end = seen.ending(uid, CONSUMER, 0)?;
    inquiry.assert_equal("consumer-gives-up", &1, &end.value.exit_code, end.pointer);
    let log = consumer_log(seen, uid, 0)?;
    let lines = log.value.texts().count();
    inquiry.assert(
        "consumer-gives-up",
        gave_up(log.value),
        "its error message",
        format!("{lines} other lines"),
        log.pointer,
    );

    seen.mark(WATCHED)?;
    let log = seen.log(uid, PRODUCER, 0)?;
    let count = produced_count(log.value);
    Inquiry::premise("eleven messages of the producer", count >= STUCK_AT)?;
    inquiry.assert_equal("producer-blocks", &STUCK_AT, &count, log.pointer);
    let producer = seen.container(uid, PRODUCER)?;
    inquiry.assert_equal("producer-blocks", &true, &producer.value.running, producer.pointer);
    inquiry.assert_equal("pod-hangs", &"Running", &seen.pod(uid)?.phase(), format!("timeline/{POD}"));
    Ok(())
}
