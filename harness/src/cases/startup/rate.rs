//! How often the article's order loses its race.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, consumer_log, gave_up, received, undisturbed, until_over,
};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc2";

/// How many pods make the exchange at once. `podproof experiment startup` makes as many as are wanted, and counts.
const TRIALS: usize = 8;

/// How many messages each of them sends before the exit message.
const COUNT: usize = 20;

pub(super) const RACE_RATE: Case = Case {
    id: "startup/race-rate",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(run_trials(stage)),
    judge: judge_trials,
};

async fn run_trials(stage: &Stage) -> Result<(), Blocked> {
    let names: Vec<_> = (1..=TRIALS).map(|number| format!("{POD}-{number}")).collect();
    let pods = try_join_all(names.iter().map(|name| stage.create_as(POD, name))).await?;
    try_join_all(pods.iter().map(|pod| until_over(stage, pod))).await.map(drop)
}

fn judge_trials(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise(&format!("{TRIALS} pods"), seen.applied.len() == TRIALS)?;
    let mut lost = 0;
    for pod in &seen.applied {
        undisturbed(seen, &pod.uid)?;
        lost += usize::from(judge_trial(seen, say, &pod.uid)?);
    }
    let told = format!("{lost} of {TRIALS} lost");
    say.assert(
        "not-all-lose",
        lost < TRIALS,
        format!("fewer than {TRIALS} lost"),
        told,
        format!("logs/{POD}"),
    );
    Ok(())
}

/// Asserts that the exchange ended in one of the two ways in which it can; gives whether it was lost.
fn judge_trial(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<bool, Missing> {
    let log = consumer_log(seen, uid, 0)?;
    let code = seen.ending(uid, CONSUMER, 0)?.value.exit_code;
    let lost = gave_up(log.value);
    let (known, told) = if lost {
        (code == 1, format!("its complaint and exit code {code}"))
    } else if code != 0 {
        // Whatever the producer does: behind a consumer that failed it may wait for ever.
        (false, format!("{} messages and exit code {code}", received(log.value).len()))
    } else {
        let exchange = Exchange::read(seen, uid)?;
        exchange.premise_whole(COUNT)?;
        let Exchange { sent, received, .. } = exchange;
        let whole = received.strip_suffix(&[EXIT_MESSAGE]) == Some(sent.as_slice());
        (whole, format!("{} of {} messages and exit code {code}", received.len(), sent.len() + 1))
    };
    let expected = "every message and exit code 0, or the consumer's complaint and exit code 1";
    say.assert("each-ends-as-known", known, expected, told, log.pointer);
    Ok(lost)
}
