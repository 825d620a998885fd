//! The article's second pod: everything that is produced is consumed.

use std::collections::BTreeMap;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, assert_exit_zero, assert_succeeded, consumer_log, gave_up,
    undisturbed, until_over,
};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc2";

/// How many messages the article's producer sends before the exit message.
const COUNT: usize = 500;

/// How many checked messages are sent: enough to fill the queue twenty times.
const CHECKED_COUNT: usize = 200;

/// The container that looks for the queue when both programs have ended.
const WITNESS: &str = "witness";

pub(super) const MC2_ARTICLE: Case = Case {
    id: "ipc/mc2-article",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_delivery,
};

pub(super) const MC2_NO_LOSS_CONTENT: Case = Case {
    id: "ipc/mc2-no-loss-content",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_to_the_end(stage)),
    judge: judge_content,
};

async fn run_to_the_end(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    until_over(stage, &pod).await
}

fn judge_delivery(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let found_it = !gave_up(consumer_log(seen, uid, 0)?.value);
    Inquiry::premise("a queue when the consumer looked (its race is startup/race-reproduced's)", found_it)?;
    // First what the consumer shows by itself: behind one that failed the producer may wait for ever.
    assert_exit_zero(seen, say, "both-exit-zero", (uid, CONSUMER))?;
    let exchange = Exchange::read(seen, uid)?;
    exchange.premise_whole(COUNT)?;
    let Exchange { sent, received, sent_at, received_at } = exchange;

    say.assert_equal("all-produced", &COUNT, &sent.len(), sent_at);
    say.assert_equal("all-consumed", &(COUNT + 1), &received.len(), &received_at);
    say.assert_equal("done-is-last", &Some(&EXIT_MESSAGE), &received.last(), &received_at);
    let differs = first_difference(&sent, &received);
    let told = differs.map_or_else(String::new, |at| format!("another message at place {}", at + 1));
    say.assert("same-order", differs.is_none(), "the messages in the order of production", told, received_at);
    assert_exit_zero(seen, say, "both-exit-zero", (uid, PRODUCER))?;
    assert_succeeded(seen, say, "pod-succeeds", uid)
}

/// The first place at which the messages before the exit message are not those that were sent.
fn first_difference(sent: &[&str], received: &[&str]) -> Option<usize> {
    let delivered = received.strip_suffix(&[EXIT_MESSAGE]).unwrap_or(received);
    let longer = sent.len().max(delivered.len());
    (0..longer).find(|&at| sent.get(at) != delivered.get(at))
}

fn judge_content(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let Exchange { sent, received, received_at, .. } = Exchange::read(seen, uid)?;
    Inquiry::premise("all messages produced", sent.len() == CHECKED_COUNT)?;
    let received: Vec<_> = received.into_iter().map(Checked::read).collect();
    let Some((last, delivered)) = received.split_last() else {
        return Err(Missing::new("a consumed message"));
    };
    Inquiry::premise("the exit message at the end", last.text == EXIT_MESSAGE)?;

    let numbers: Vec<_> = delivered.iter().filter_map(|message| message.number).collect();
    let at = numbers.iter().zip(1..).position(|(number, expected)| *number != expected);
    let told = match at {
        Some(at) => format!("{} at place {} of {}", numbers[at], at + 1, numbers.len()),
        None => format!("{} messages", numbers.len()),
    };
    let in_order = at.is_none() && numbers.len() == CHECKED_COUNT;
    say.assert("each-once-in-order", in_order, "1 to 200, each once", told, &received_at);

    let texts: BTreeMap<_, _> =
        sent.into_iter().map(Checked::read).map(|sent| (sent.number, sent.text)).collect();
    let foreign = delivered.iter().find(|message| texts.get(&message.number) != Some(&message.text));
    let told = foreign.map_or("", |message| message.text);
    say.assert("content-is-intact", foreign.is_none(), "only texts that were produced", told, received_at);

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
