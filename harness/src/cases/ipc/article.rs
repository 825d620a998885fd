//! The article's second pod: everything that is produced is consumed.

use std::collections::BTreeMap;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, PRODUCER, assert_exit_zero, assert_succeeded, gave_up, messages, until_over,
};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc2";

/// How many messages the article's producer sends before the exit message.
const COUNT: usize = 500;

/// The container that looks for the queue when both programs have ended.
const WITNESS: &str = "witness";

pub(super) const MC2_ARTICLE: Case = Case {
    id: "ipc/mc2-article",
    attire: Attire::Restricted,
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_delivery,
};

pub(super) const MC2_NO_LOSS_CONTENT: Case = Case {
    id: "ipc/mc2-no-loss-content",
    attire: Attire::Restricted,
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_content,
};

async fn run_to_the_end(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    until_over(stage, &pod).await
}

fn judge_delivery(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let consumer = seen.ended_log(uid, CONSUMER, 0)?;
    Inquiry::premise(
        "a queue when the consumer looked for it (the article's own race, see startup/race-reproduced)",
        !gave_up(consumer.value.texts()),
    )?;
    let producer = seen.ended_log(uid, PRODUCER, 0)?;
    let produced = messages(producer.value.texts(), "Produced");
    let consumed = messages(consumer.value.texts(), "Consumed");

    say.assert_equal("all-produced", &COUNT, &produced.len(), producer.pointer);
    say.assert_equal("all-consumed", &(COUNT + 1), &consumed.len(), &consumer.pointer);
    say.assert_equal("done-is-last", &Some(&EXIT_MESSAGE), &consumed.last(), &consumer.pointer);
    let differs = first_difference(&produced, &consumed);
    let told = differs.map_or_else(String::new, |at| format!("another message at place {}", at + 1));
    say.assert(
        "same-order",
        differs.is_none(),
        "the messages in the order of production",
        told,
        &consumer.pointer,
    );
    assert_exit_zero(seen, say, "both-exit-zero", (uid, PRODUCER))?;
    assert_exit_zero(seen, say, "both-exit-zero", (uid, CONSUMER))?;
    assert_succeeded(seen, say, "pod-succeeds", uid)
}

/// The first place at which the messages before the exit message are not those that were produced.
fn first_difference(produced: &[&str], consumed: &[&str]) -> Option<usize> {
    let delivered = consumed.strip_suffix(&[EXIT_MESSAGE]).unwrap_or(consumed);
    let longer = produced.len().max(delivered.len());
    (0..longer).find(|&at| produced.get(at) != delivered.get(at))
}

fn judge_content(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let (producer, consumer) = (seen.ended_log(uid, PRODUCER, 0)?, seen.ended_log(uid, CONSUMER, 0)?);
    let produced: Vec<_> =
        messages(producer.value.texts(), "Produced").into_iter().map(Checked::read).collect();
    Inquiry::premise("all messages produced", produced.len() == COUNT)?;
    let consumed: Vec<_> =
        messages(consumer.value.texts(), "Consumed").into_iter().map(Checked::read).collect();
    let Some((last, consumed)) = consumed.split_last() else {
        return Err(Missing::new("a consumed message"));
    };
    Inquiry::premise("the exit message at the end", last.text == EXIT_MESSAGE)?;

    let numbers: Vec<_> = consumed.iter().filter_map(|message| message.number).collect();
    let expected: Vec<_> = (1..=COUNT).collect();
    let at = numbers.iter().zip(&expected).position(|(seen, expected)| seen != expected);
    let told = match at {
        Some(at) => format!("{} at place {} of {}", numbers[at], at + 1, numbers.len()),
        None => format!("{} messages", numbers.len()),
    };
    say.assert("each-once-in-order", numbers == expected, "1 to 500, each once", told, &consumer.pointer);

    let by_number: BTreeMap<_, _> = produced.iter().map(|message| (message.number, message.text)).collect();
    let broken = consumed.iter().find(|message| by_number.get(&message.number) != Some(&message.text));
    let told = broken.map_or("", |message| message.text);
    say.assert(
        "content-is-intact",
        broken.is_none(),
        "only texts that were produced",
        told,
        &consumer.pointer,
    );

    let gone = seen.log_report(uid, WITNESS, 0, "mq-look")?;
    say.assert_absent("queue-is-gone", &gone)
}

/// A message that carries its number, a checksum and a random content.
struct Checked<'a> {
    number: Option<usize>,
    text: &'a str,
}

impl<'a> Checked<'a> {
    /// Takes the time from the end of a logged message.
    fn read(logged: &'a str) -> Self {
        let text = logged.split_once(" at ").map_or(logged, |(text, _)| text);
        let number = text.split(' ').next().and_then(|number| number.parse().ok());
        Self { number, text }
    }
}
