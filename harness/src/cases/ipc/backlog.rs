//! Messages that have not been received yet: how many a queue holds, and what happens to them.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of, pod_uid_of};
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, PRODUCER, consumer_log, premise_log_start, premise_not_ended_by_node,
    produced_count, received,
};
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, LogText, Missing, SeenPod, ended};
use podproof_core::judge::Inquiry;

const QUEUE: &str = "/podproof";

/// The article's queue holds ten messages; the producer logs the eleventh and then blocks.
const STUCK_AT: usize = 11;

/// The `mq_maxmsg` and `mq_msgsize` (bytes) of the article's queue.
const CAPACITY: (u64, u64) = (10, 1024);

/// The mark set when the producer has been watched for the whole quiet window.
const WATCHED: &str = "watched";

/// The messages before the exit message. They resemble it, but none begins with it.
const BEFORE_THE_MARKER: [&str; 5] = ["undone", "not done", "abandoned", " done", "DONE"];

const AFTER_THE_MARKER: &str = "too late";

/// The container that receives the messages that the consumer left.
const OBSERVER: &str = "witness";

pub(super) const MQ_BLOCKS_AT_MAXMSG: Case = Case {
    id: "ipc/mq-blocks-at-maxmsg",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(fill(stage)),
    judge: judge_full,
};

pub(super) const MQ_SURVIVES_PRODUCER_EXIT: Case = Case {
    id: "ipc/mq-survives-producer-exit",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(receive_when_over(stage, (MAKER, FINDER), QUEUE)),
    judge: judge_left_over,
};

pub(super) const MC2_EXIT_MARKER: Case = Case {
    id: "ipc/mc2-exit-marker",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(receive_when_over(stage, (CONSUMER, OBSERVER), "/ch6_ipc")),
    judge: judge_marker,
};

async fn fill(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(FINDER, "hold")]).await?;
    let pod = pods.pod_of(PRODUCER)?;
    let at_least = |count| move |log: &LogText| (produced_count(log) >= count).then_some(());
    stage.until_log("the producer's eleventh message", (pod, PRODUCER, 0), at_least(STUCK_AT)).await?;
    let went_on = stage.observe_for("the producer to go on", stage.budgets().quiet_window(), |seen| {
        let more = seen.log(&pod.uid, PRODUCER, 0).and_then(at_least(STUCK_AT + 1));
        let over = seen.pod(&pod.uid).is_some_and(SeenPod::is_terminal);
        if more.is_some() || over { Progress::Met(()) } else { Progress::NotYet }
    });
    went_on.await?;
    stage.mark(WATCHED);
    pods.probe("look", FINDER, &["mq-look"]).await?;
    Ok(())
}

fn judge_full(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, PRODUCER)?;
    premise_not_ended_by_node(seen, uid)?;
    seen.mark(WATCHED)?;
    let log = seen.log(uid, PRODUCER, 0)?;
    let count = produced_count(log.value);
    Inquiry::premise("eleven messages of the producer", count >= STUCK_AT)?;
    inquiry.assert_equal("tells-eleven", &STUCK_AT, &count, log.pointer);
    let producer = seen.container(uid, PRODUCER)?;
    let over = producer.value.ended.is_some();
    Inquiry::premise("a producer that was seen running", over || producer.value.running)?;
    inquiry.assert("tells-eleven", !over, "a producer that still runs", "its end", producer.pointer);

    let look = seen.exec_report("look", "mq-look")?;
    Inquiry::premise("a queue that exists", look.value.present()?)?;
    let number = |field| look.value.number(field);
    let actual = (number("curmsgs")?, number("maxmsg")?, number("msgsize")?);
    inquiry.assert_equal("queue-is-full", &(CAPACITY.0, CAPACITY.0, CAPACITY.1), &actual, look.pointer);
    Ok(())
}

/// Waits until one container has ended, and then receives all messages of the queue in another.
async fn receive_when_over(
    stage: &Stage,
    (ends, receives): (&str, &str),
    queue: &str,
) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(receives, "hold")]).await?;
    stage.until_ended(pods.pod_of(ends)?, ends).await?;
    pods.probe("receive", receives, &["mq-receive", "--queue", queue]).await?;
    Ok(())
}

fn judge_left_over(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "mq-send")?;
    premise_ended_before_receiving(seen, MAKER)?;
    let left = seen.exec_report("receive", "mq-receive")?;
    let expected: Vec<_> = (1..=5).map(|index| format!("{}-{index}", seen.token)).collect();
    let texts = if left.value.present()? { left.value.field("texts")?.clone() } else { json!([]) };
    inquiry.assert_equal("all-five-wait", &json!(expected), &texts, left.pointer);
    Ok(())
}

fn judge_marker(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, CONSUMER)?;
    premise_not_ended_by_node(seen, uid)?;
    premise_ended_before_receiving(seen, CONSUMER)?;
    let log = consumer_log(seen, uid, 0)?;
    let expected: Vec<_> = BEFORE_THE_MARKER.into_iter().chain([EXIT_MESSAGE]).collect();
    let received = received(log.value);
    if !any_left(seen, &BEFORE_THE_MARKER)? {
        premise_log_start(&expected, &received)?;
    }
    inquiry.assert_equal("reads-up-to-the-marker", &expected, &received, log.pointer);
    let left = seen.exec_report("receive", "mq-receive")?;
    Inquiry::premise("a queue that still exists", left.value.present()?)?;
    inquiry.assert_equal(
        "leaves-the-rest",
        &json!([AFTER_THE_MARKER]),
        left.value.field("texts")?,
        left.pointer,
    );
    Ok(())
}

/// Returns whether one of these messages was still in the queue, which shows that it had not been received.
fn any_left(seen: &Evidence, messages: &[&str]) -> Result<bool, Missing> {
    let left = seen.exec_report("receive", "mq-receive")?;
    let texts = left.value.field("texts").ok().and_then(|texts| texts.as_array());
    Ok(texts.into_iter().flatten().filter_map(|text| text.as_str()).any(|text| messages.contains(&text)))
}

/// Requires that this container exited with code 0, and that this was seen before the drive received the messages.
fn premise_ended_before_receiving(seen: &Evidence, container: &str) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, container)?;
    let end = seen.ending(uid, container, 0)?;
    Inquiry::premise(&format!("container {container} to exit with code 0"), end.value.exit_code == 0)?;
    let began = seen.exec("receive")?.started;
    let over = |state: &SeenPod| state.at <= began && state.container(container).and_then(ended).is_some();
    Inquiry::premise("the end of the container before the messages were received", seen.states(uid).any(over))
}
