//! Reads the outcome of a trial from the evidence.

use serde::{Deserialize, Serialize};

use super::watch::{is_idle, is_over, stall_mark};
use crate::cases::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, consumer_log, gave_up, has_exit_message, premise_undisturbed,
};
use crate::evidence::{Evidence, Missing, ProbeReport, WaitEnd};
use crate::judge::Inquiry;

/// The outcome of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "lowercase")]
pub enum TrialOutcome {
    /// The pod succeeded, and the consumer received every message.
    Completed,
    /// The exchange is over but messages are lost, because the consumer started too early.
    Lost(String),
    /// The containers run, but nothing happens any more.
    Hung(String),
    /// The outcome is unknown: the cluster, podproof or something else interfered.
    Inconclusive(String),
}

impl TrialOutcome {
    /// The outcome in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Lost(_) => "lost",
            Self::Hung(_) => "hung",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// The detail besides the word; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Completed => "",
            Self::Lost(detail) | Self::Hung(detail) | Self::Inconclusive(detail) => detail,
        }
    }
}

/// When the first instance of a container started, by each available clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The creation of its first process, in ticks since the node's boot. Runtimes create it together with the
    /// container, before they start it.
    pub ticks: Option<u64>,
    /// The number of ticks per second.
    pub ticks_per_second: Option<u64>,
    /// The `Started` event of the kubelet, in nanoseconds since 1970.
    pub event_ns: Option<u64>,
    /// The first clock reading of its program, in nanoseconds since 1970.
    pub realtime_ns: Option<u64>,
    /// The same reading, in nanoseconds since the node's boot.
    pub boottime_ns: Option<u64>,
}

/// One exchange in one pod, and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number within its strategy and list order, from 1.
    pub number: u32,
    /// The namespace; empty if the trial never started.
    pub namespace: String,
    /// The name of the pod.
    pub pod: String,
    /// The outcome of the exchange.
    #[serde(flatten)]
    pub outcome: TrialOutcome,
    /// The number of restarts of the consumer.
    pub restarts: i32,
    /// When the producer started.
    pub producer: Start,
    /// When the consumer started.
    pub consumer: Start,
}

impl Trial {
    /// The consumer's program start minus the producer's, in nanoseconds; negative if the consumer was first.
    #[must_use]
    pub fn gap_by_clock(&self) -> Option<i64> {
        difference(self.consumer.boottime_ns?, self.producer.boottime_ns?)
    }

    /// The same difference between the `Started` events.
    #[must_use]
    pub fn gap_by_event(&self) -> Option<i64> {
        difference(self.consumer.event_ns?, self.producer.event_ns?)
    }

    /// The same difference between the start ticks of the processes.
    #[must_use]
    pub fn gap_by_ticks(&self) -> Option<i64> {
        let ticks = difference(self.consumer.ticks?, self.producer.ticks?)?;
        let per_second = i64::try_from(self.producer.ticks_per_second?).ok().filter(|ticks| *ticks > 0)?;
        ticks.checked_mul(1_000_000_000)?.checked_div(per_second)
    }
}

fn difference(later: u64, earlier: u64) -> Option<i64> {
    i64::try_from(i128::from(later) - i128::from(earlier)).ok()
}

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
    let last = seen.last(uid)?;
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
        event_ns: seen.start_event(uid, container).ok().map(|fact| fact.value),
        realtime_ns: at("realtime_ns"),
        boottime_ns: at("boottime_ns"),
    }
}
