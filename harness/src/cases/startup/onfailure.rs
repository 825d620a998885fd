//! The remedy that needs no other program: a consumer that came too early is started again.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, Exchange, PRODUCER, assert_succeeded, undisturbed};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

use super::later::{IN_VAIN, comes_in_time};
use super::remedies::assert_delivered;

const POD: &str = "swapped";

pub(super) const FIX_ONFAILURE_POD: Case = Case {
    id: "startup/fix-onfailure-pod",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(CONSUMER), Expected::Restart(PRODUCER)],
    drive: |stage| Box::pin(fail_and_come_back(stage)),
    judge: judge_comeback,
};

pub(super) const FIX_ONFAILURE: Case = Case {
    id: "startup/fix-onfailure",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(CONSUMER), Expected::Restart(PRODUCER)],
    drive: |stage| Box::pin(fail_and_come_back(stage)),
    judge: judge_comeback,
};

async fn fail_and_come_back(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_ended(&pod, CONSUMER).await?;
    let restarted = |seen: &Observed| seen.has_restarted(&pod.uid, CONSUMER);
    if !comes_in_time(stage, "a second instance of the consumer", &pod, restarted).await? {
        return Ok(());
    }
    stage.until_terminal(&pod).await
}

fn judge_comeback(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let look = seen.log_report(uid, CONSUMER, 0, "mq-look")?;
    Inquiry::premise_absent("a consumer that was there before the queue", &look)?;
    let end = seen.ending(uid, CONSUMER, 0)?;
    Inquiry::premise("a first instance that failed", end.value.exit_code == 1)?;

    let consumer = seen.container(uid, CONSUMER)?;
    let restarts = consumer.value.restarts;
    let came_back = seen.has_restarted(uid, CONSUMER);
    if !came_back {
        // That nothing happened counts only when it was waited for long enough.
        seen.mark(IN_VAIN)?;
    }
    let told = format!("{restarts} restarts");
    say.assert("consumer-comes-back", came_back, "a second instance", told, consumer.pointer);
    if !came_back {
        return Ok(());
    }
    Inquiry::premise("a state that shows the second instance", restarts > 0)?;
    let producer = seen.container(uid, PRODUCER)?;
    say.assert_equal("producer-runs-once", &0, &producer.value.restarts, producer.pointer);
    assert_succeeded(seen, say, "pod-succeeds", uid)?;
    assert_delivered(say, &Exchange::read_from(seen, uid, restarts)?)
}
