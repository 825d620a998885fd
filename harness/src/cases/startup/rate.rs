//! How often the article's container order loses the race.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::cases::exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, consumer_log, gave_up, premise_not_ended_by_node, received,
    until_exchange_settled,
};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "mc2";

/// The number of pods that run the exchange at once. `podproof experiment startup` runs any number, and counts the
/// results.
const TRIALS: usize = 8;

/// The number of messages that each producer sends before the exit message.
const COUNT: usize = 20;

pub(super) const RACE_RATE: Case = Case {
    id: "startup/race-rate",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(run_trials(stage)),
    judge: judge_trials,
};

async fn run_trials(stage: &Stage) -> Result<(), StageError> {
    let names: Vec<_> = (1..=TRIALS).map(|number| format!("{POD}-{number}")).collect();
    let pods = try_join_all(names.iter().map(|name| stage.create_as(POD, name))).await?;
    try_join_all(pods.iter().map(|pod| until_exchange_settled(stage, pod))).await.map(drop)
}

fn judge_trials(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    Inquiry::premise(&format!("{TRIALS} pods"), seen.applied.len() == TRIALS)?;
    let mut lost = 0;
    for pod in &seen.applied {
        premise_not_ended_by_node(seen, &pod.uid)?;
        lost += usize::from(judge_trial(seen, inquiry, &pod.uid)?);
    }
    let actual = format!("{lost} of {TRIALS} lost");
    inquiry.assert(
        "not-all-lose",
        lost < TRIALS,
        format!("fewer than {TRIALS} lost"),
        actual,
        format!("logs/{POD}"),
    );
    Ok(())
}

/// Asserts that the exchange ended in one of the two known ways. Returns whether the consumer lost the race.
fn judge_trial(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<bool, Missing> {
    let log = consumer_log(seen, uid, 0)?;
    let code = seen.ending(uid, CONSUMER, 0)?.value.exit_code;
    let lost = gave_up(log.value);
    let (is_known, actual) = if lost {
        (code == 1, format!("its error message and exit code {code}"))
    } else if code != 0 {
        // Do not read the producer's log: if the consumer failed, the producer may block and never end.
        (false, format!("{} messages and exit code {code}", received(log.value).len()))
    } else {
        let exchange = Exchange::read(seen, uid)?;
        exchange.premise_complete_log(COUNT)?;
        let Exchange { sent, received, .. } = exchange;
        let whole = received.strip_suffix(&[EXIT_MESSAGE]) == Some(sent.as_slice());
        (whole, format!("{} of {} messages and exit code {code}", received.len(), sent.len() + 1))
    };
    let expected = "every message and exit code 0, or the consumer's error message and exit code 1";
    inquiry.assert("each-ends-as-known", is_known, expected, actual, log.pointer);
    Ok(lost)
}
