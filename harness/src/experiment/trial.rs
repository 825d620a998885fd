//! Reads the outcome of a trial from the evidence.

use podproof_core::trials::{Start, Trial, TrialOutcome};

use super::watch::{is_idle, is_over, stall_mark};
use crate::cases::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, consumer_log, gave_up, has_exit_message, premise_undisturbed,
};
use podproof_core::evidence::{Evidence, Missing, ProbeReport, WaitEnd};
use podproof_core::judge::Inquiry;

/// Reads the trial in the pod with this name.
#[must_use]
pub fn read_trial(seen: &Evidence, pod: &str, number: u32) -> Trial {
    let uid = seen.applied(pod, 0).map(|applied| applied.uid.as_str());
    let outcome = match &uid {
        Ok(uid) => outcome(seen, pod, uid).unwrap_or_else(|missing| inconclusive(seen, pod, &missing)),
        Err(missing) => inconclusive(seen, pod, missing),
    };
    let start = |container| uid.as_ref().map_or_else(|_| Start::default(), |uid| start(seen, uid, container));
    let restarts = uid.as_ref().ok().and_then(|uid| seen.container(uid, CONSUMER).ok());
    Trial {
        number,
        namespace: seen.namespace.clone(),
        pod: pod.to_owned(),
        outcome,
        restarts: restarts.map_or(0, |facts| facts.value.restarts),
        producer: start(PRODUCER),
        consumer: start(CONSUMER),
    }
}

fn outcome(seen: &Evidence, pod: &str, uid: &str) -> Result<TrialOutcome, Missing> {
    premise_undisturbed(seen, uid)?;
    let last = seen.pod(uid)?;
    if seen.mark(&stall_mark(pod)).is_ok() && !last.is_terminal() {
        let idle = is_idle(last).ok_or_else(|| Missing::new("a pod in which nothing is about to begin"))?;
        // If everything was received, the exchange did not stall; only its end was not observed.
        let received =
            seen.logs.iter().any(|log| log.uid == uid && log.container == CONSUMER && has_exit_message(log));
        Inquiry::premise("an exchange that is not over", !received)?;
        return Ok(TrialOutcome::Hung(idle));
    }
    let consumer = seen.container(uid, CONSUMER)?.value;
    if last.phase() == "Succeeded" {
        let exchange = Exchange::read_from(seen, uid, consumer.restarts)?;
        exchange.premise_complete_log(usize::MAX)?;
        let whole = exchange.received.strip_suffix(&[EXIT_MESSAGE]) == Some(exchange.sent.as_slice());
        if whole {
            return Ok(TrialOutcome::Completed);
        }
        let (received, sent) = (exchange.received.len(), exchange.sent.len());
        return Ok(TrialOutcome::Lost(format!(
            "{received} messages received, {sent} and the exit message sent"
        )));
    }
    // A failed consumer may still be restarted.
    Inquiry::premise("the end of the exchange", is_over(last))?;
    let end = seen.ending(uid, CONSUMER, consumer.restarts)?.value;
    let log = consumer_log(seen, uid, consumer.restarts)?.value;
    if end.exit_code == 1 && gave_up(log) {
        return Ok(TrialOutcome::Lost("the consumer found no queue and gave up".to_owned()));
    }
    Err(Missing::new(format!("why the consumer ended with exit code {}", end.exit_code)))
}

/// An inconclusive outcome. The reason is the last unfinished wait for this pod, and the missing fact.
fn inconclusive(seen: &Evidence, pod: &str, missing: &Missing) -> TrialOutcome {
    let about = format!("pod {pod} ");
    let wait = seen.waits.iter().rev().find(|wait| format!("{} ", wait.what).contains(&about));
    let why = wait.and_then(|wait| match &wait.end {
        WaitEnd::Met => None,
        WaitEnd::Hopeless(why) | WaitEnd::Broken(why) => Some(why.clone()),
        WaitEnd::TimedOut(_) => Some(format!("timed out waiting for {}", wait.what)),
    });
    let why = why.or_else(|| seen.blocked.clone());
    TrialOutcome::Inconclusive(why.map_or_else(|| missing.to_string(), |why| format!("{why}; {missing}")))
}

fn start(seen: &Evidence, uid: &str, container: &str) -> Start {
    let identity = seen.log_report(uid, container, 0, "identity").ok().map(|report| report.value);
    let number = |name: &str| identity.as_ref().and_then(|report| report.number(name).ok());
    let at = |clock: &str| {
        identity.as_ref().and_then(|report: &ProbeReport| report.field("at").ok()?.get(clock)?.as_u64())
    };
    Start {
        ticks: number("pid1_start_ticks"),
        ticks_per_second: number("ticks_per_second"),
        event_ns: seen.first_start_nanos(uid, container).ok().map(|fact| fact.value),
        realtime_ns: at("realtime_ns"),
        boottime_ns: at("boottime_ns"),
    }
}
