//! The article's "one major problem": a consumer that is there before the queue.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, STUCK_AT, consumer_log, gave_up, sent_so_far, undisturbed};
use crate::evidence::{Evidence, LogText, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const POD: &str = "mc2";

/// The moment at which the pod has been watched for the whole of the quiet window.
const WATCHED: &str = "watched";

pub(super) const RACE_REPRODUCED: Case = Case {
    id: "startup/race-reproduced",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(lose_the_race(stage)),
    judge: judge_race,
};

async fn lose_the_race(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, CONSUMER).await?;
    let at_least = |count| move |log: &LogText| (sent_so_far(log) >= count).then_some(());
    stage.until_log("the producer's eleventh message", (&pod, PRODUCER, 0), at_least(STUCK_AT)).await?;
    let went_on = stage.unless("the producer to go on", stage.budgets().quiet_window(), |seen| {
        let more = seen.log(&pod.uid, PRODUCER, 0).and_then(at_least(STUCK_AT + 1));
        let over = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
        if more.is_some() || over { Progress::Met(()) } else { Progress::NotYet }
    });
    went_on.await?;
    stage.mark(WATCHED);
    Ok(())
}

fn judge_race(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    Inquiry::premise_absent("a consumer that was there before the queue", &look)?;

    let end = seen.ending(uid, CONSUMER, 0)?;
    say.assert_equal("consumer-gives-up", &1, &end.value.exit_code, end.pointer);
    let log = consumer_log(seen, uid, 0)?;
    let lines = log.value.texts().count();
    say.assert(
        "consumer-gives-up",
        gave_up(log.value),
        "its complaint",
        format!("{lines} other lines"),
        log.pointer,
    );

    seen.mark(WATCHED)?;
    let log = seen.log(uid, PRODUCER, 0)?;
    let count = sent_so_far(log.value);
    Inquiry::premise("eleven messages of the producer", count >= STUCK_AT)?;
    say.assert_equal("producer-blocks", &STUCK_AT, &count, log.pointer);
    let producer = seen.container(uid, PRODUCER)?;
    say.assert_equal("producer-blocks", &true, &producer.value.running, producer.pointer);
    say.assert_equal("pod-hangs", &"Running", &seen.last(uid)?.phase(), format!("timeline/{POD}"));
    Ok(())
}
