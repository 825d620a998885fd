//! The article's second pod: the consumer receives everything that the producer sends.

use std::collections::BTreeMap;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_exit_zero, assert_succeeded, consumer_log, gave_up,
    premise_not_ended_by_node, until_exchange_settled,
};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";

/// The number of messages that the article's producer sends before the exit message.
const COUNT: usize = 500;

/// The number of checked messages: enough to fill the queue twenty times.
const CHECKED_COUNT: usize = 200;

/// The container that looks for the queue when both programs have ended.
const OBSERVER: &str = "witness";

pub(super) const MC2_ARTICLE: Case = Case {
    id: "ipc/mc2-article",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_delivery,
};

pub(super) const MC2_NO_LOSS_CONTENT: Case = Case {
    id: "ipc/mc2-no-loss-content",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_content,
};

async fn run_to_the_end(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    until_exchange_settled(stage, &pod).await
}

fn judge_delivery(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let found_it = !gave_up(consumer_log(seen, uid, 0)?.value);
    Inquiry::premise("a queue when the consumer looked (startup/race-reproduced covers the race)", found_it)?;
    // Check the consumer first: if it failed, the producer may block and never end.
    assert_exit_zero(seen, inquiry, "both-exit-zero", (uid, CONSUMER))?;
    let exchange = Exchange::read(seen, uid)?;
    exchange.premise_complete_log(COUNT)?;
    let Exchange { sent, received, sent_at, received_at } = exchange;

    inquiry.assert_equal("all-produced", &COUNT, &sent.len(), sent_at);
    inquiry.assert_equal("all-consumed", &(COUNT + 1), &received.len(), &received_at);
    inquiry.assert_equal("done-is-last", &Some(&EXIT_MESSAGE), &received.last(), &received_at);
    let differs = first_difference(&sent, &received);
    let actual = differs.map_or_else(String::new, |at| format!("another message at place {}", at + 1));
    inquiry.assert(
        "same-order",
        differs.is_none(),
        "the messages in the order of production",
        actual,
        received_at,
    );
    assert_exit_zero(seen, inquiry, "both-exit-zero", (uid, PRODUCER))?;
    assert_succeeded(seen, inquiry, "pod-succeeds", uid)
}

/// Returns the first index at which the messages before the exit message differ from the sent ones.
fn first_difference(sent: &[&str], received: &[&str]) -> Option<usize> {
    let delivered = received.strip_suffix(&[EXIT_MESSAGE]).unwrap_or(received);
    let count = sent.len().max(delivered.len());
    (0..count).find(|&at| sent.get(at) != delivered.get(at))
}

fn judge_content(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let Exchange { sent, received, received_at, .. } = Exchange::read(seen, uid)?;
    Inquiry::premise("all messages produced", sent.len() == CHECKED_COUNT)?;
    let received: Vec<_> = received.into_iter().map(Checked::read).collect();
    let Some((last, delivered)) = received.split_last() else {
        return Err(Missing::new("a consumed message"));
    };
    Inquiry::premise("the exit message at the end", last.text == EXIT_MESSAGE)?;

    let numbers: Vec<_> = delivered.iter().filter_map(|message| message.number).collect();
    let at = numbers.iter().zip(1..).position(|(number, expected)| *number != expected);
    let actual = match at {
        Some(at) => format!("{} at place {} of {}", numbers[at], at + 1, numbers.len()),
        None => format!("{} messages", numbers.len()),
    };
    let in_order = at.is_none() && numbers.len() == CHECKED_COUNT;
    inquiry.assert("each-once-in-order", in_order, "1 to 200, each once", actual, &received_at);

    let texts: BTreeMap<_, _> =
        sent.into_iter().map(Checked::read).map(|sent| (sent.number, sent.text)).collect();
    let foreign = delivered.iter().find(|message| texts.get(&message.number) != Some(&message.text));
    let actual = foreign.map_or("", |message| message.text);
    inquiry.assert(
        "content-is-intact",
        foreign.is_none(),
        "only texts that were produced",
        actual,
        received_at,
    );

    let gone = seen.log_report(uid, OBSERVER, 0, "mq-look")?;
    inquiry.assert_absent("queue-is-gone", &gone)
}

/// A message with a number, a checksum and random content.
struct Checked<'a> {
    number: Option<usize>,
    text: &'a str,
}

impl<'a> Checked<'a> {
    /// Parses a logged message, without the time at its end.
    fn read(logged: &'a str) -> Self {
        let text = logged.split_once(" at ").map_or(logged, |(text, _)| text);
        let number = text.split(' ').next().and_then(|number| number.parse().ok());
        Self { number, text }
    }
}
