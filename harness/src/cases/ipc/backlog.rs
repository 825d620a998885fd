//! Messages that nobody has received: how many there can be, and what becomes of them.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, PRODUCER, consumer_log, premise_beginning, received, sent_so_far, undisturbed,
};
use crate::cases::members::{FINDER, MAKER, Members, done, home};
use crate::evidence::{Evidence, LogText, Missing, SeenPod, ended};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const QUEUE: &str = "/podproof";

/// Ten messages fit into the article's queue; the eleventh is told and then waits to be sent.
const STUCK_AT: usize = 11;

/// How many messages fit into the article's queue, and how large each may be.
const ROOM: (u64, u64) = (10, 1024);

/// The moment at which the producer has been watched for the whole of the quiet window.
const WATCHED: &str = "watched";

/// The messages before the exit message: all have its word in them, none begins with it.
const BEFORE_THE_MARKER: [&str; 5] = ["undone", "not done", "abandoned", " done", "DONE"];

const AFTER_THE_MARKER: &str = "too late";

/// The container that receives what the consumer left.
const WITNESS: &str = "witness";

pub(super) const MQ_BLOCKS_AT_MAXMSG: Case = Case {
    id: "ipc/mq-blocks-at-maxmsg",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(fill(stage)),
    judge: judge_full,
};

pub(super) const MQ_SURVIVES_PRODUCER_EXIT: Case = Case {
    id: "ipc/mq-survives-producer-exit",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(receive_when_over(stage, (MAKER, FINDER), QUEUE)),
    judge: judge_left_over,
};

pub(super) const MC2_EXIT_MARKER: Case = Case {
    id: "ipc/mc2-exit-marker",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(receive_when_over(stage, (CONSUMER, WITNESS), "/ch6_ipc")),
    judge: judge_marker,
};

async fn fill(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(FINDER, "hold")]).await?;
    let pod = members.pod_of(PRODUCER)?;
    let at_least = |count| move |log: &LogText| (sent_so_far(log) >= count).then_some(());
    stage.until_log("the producer's eleventh message", (pod, PRODUCER, 0), at_least(STUCK_AT)).await?;
    let went_on = stage.unless("the producer to go on", stage.budgets().quiet_window(), |seen| {
        let more = seen.log(&pod.uid, PRODUCER, 0).and_then(at_least(STUCK_AT + 1));
        let over = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
        if more.is_some() || over { Progress::Met(()) } else { Progress::NotYet }
    });
    went_on.await?;
    stage.mark(WATCHED);
    members.probe("look", FINDER, &["mq-look"]).await?;
    Ok(())
}

fn judge_full(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = home(seen, PRODUCER)?;
    undisturbed(seen, uid)?;
    seen.mark(WATCHED)?;
    let log = seen.log(uid, PRODUCER, 0)?;
    let count = sent_so_far(log.value);
    Inquiry::premise("eleven messages of the producer", count >= STUCK_AT)?;
    say.assert_equal("tells-eleven", &STUCK_AT, &count, log.pointer);
    let producer = seen.container(uid, PRODUCER)?;
    let over = producer.value.ended.is_some();
    Inquiry::premise("a producer that was seen to run", over || producer.value.running)?;
    say.assert("tells-eleven", !over, "a producer that still runs", "its end", producer.pointer);

    let look = seen.exec_report("look", "mq-look")?;
    Inquiry::premise("a queue to look at", look.value.present()?)?;
    let number = |field| look.value.number(field);
    let told = (number("curmsgs")?, number("maxmsg")?, number("msgsize")?);
    say.assert_equal("queue-is-full", &(ROOM.0, ROOM.0, ROOM.1), &told, look.pointer);
    Ok(())
}

/// Waits for the end of one container, and receives in another what is in the queue then.
async fn receive_when_over(
    stage: &Stage,
    (ends, receives): (&str, &str),
    queue: &str,
) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(receives, "hold")]).await?;
    stage.until_ended(members.pod_of(ends)?, ends).await?;
    members.probe("receive", receives, &["mq-receive", "--queue", queue]).await?;
    Ok(())
}

fn judge_left_over(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "mq-send")?;
    over_before_receiving(seen, MAKER)?;
    let left = seen.exec_report("receive", "mq-receive")?;
    let expected: Vec<_> = (1..=5).map(|index| format!("{}-{index}", seen.token)).collect();
    let texts = if left.value.present()? { left.value.field("texts")?.clone() } else { json!([]) };
    say.assert_equal("all-five-wait", &json!(expected), &texts, left.pointer);
    Ok(())
}

fn judge_marker(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = home(seen, CONSUMER)?;
    undisturbed(seen, uid)?;
    over_before_receiving(seen, CONSUMER)?;
    let log = consumer_log(seen, uid, 0)?;
    let expected: Vec<_> = BEFORE_THE_MARKER.into_iter().chain([EXIT_MESSAGE]).collect();
    let received = received(log.value);
    if !is_left(seen, &BEFORE_THE_MARKER)? {
        premise_beginning(&expected, &received)?;
    }
    say.assert_equal("reads-up-to-the-marker", &expected, &received, log.pointer);
    let left = seen.exec_report("receive", "mq-receive")?;
    Inquiry::premise("a queue that is left", left.value.present()?)?;
    say.assert_equal("leaves-the-rest", &json!([AFTER_THE_MARKER]), left.value.field("texts")?, left.pointer);
    Ok(())
}

/// Whether one of these messages was left in the queue, so that nobody can have received it before.
fn is_left(seen: &Evidence, messages: &[&str]) -> Result<bool, Missing> {
    let left = seen.exec_report("receive", "mq-receive")?;
    let texts = left.value.field("texts").ok().and_then(|texts| texts.as_array());
    Ok(texts.into_iter().flatten().filter_map(|text| text.as_str()).any(|text| messages.contains(&text)))
}

/// Requires that this container was seen to have ended, by itself, before the receiving began.
fn over_before_receiving(seen: &Evidence, container: &str) -> Result<(), Missing> {
    let uid = home(seen, container)?;
    let end = seen.ending(uid, container, 0)?;
    Inquiry::premise(&format!("container {container} to end well"), end.value.exit_code == 0)?;
    let began = seen.exec("receive")?.started;
    let over = |state: &SeenPod| state.at <= began && state.container(container).and_then(ended).is_some();
    Inquiry::premise("the end before the receiving", seen.states(uid).any(over))
}
