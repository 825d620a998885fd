//! What became of one trial, read from the evidence by a plain function.

use serde::{Deserialize, Serialize};

use super::watch::{is_idle, is_over, stall_mark};
use crate::cases::{CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, consumer_log, gave_up, has_all, left_alone};
use crate::evidence::{Evidence, Missing, ProbeReport, WaitEnd};
use crate::judge::Inquiry;

/// What became of an exchange. The four are never mixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "lowercase")]
pub enum Outcome {
    /// The pod succeeded, and its consumer has every message.
    Completed,
    /// The exchange is over and messages never arrived, because the consumer came too early.
    Lost(String),
    /// Nothing goes on any more, and nothing has ended.
    Hung(String),
    /// It could not be told; the cluster, the harness or somebody else is at fault.
    Inconclusive(String),
}

impl Outcome {
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

    /// What is said beside the word.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Completed => "",
            Self::Lost(detail) | Self::Hung(detail) | Self::Inconclusive(detail) => detail,
        }
    }
}

/// When the first instance of a container began, by each clock that told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When its first process was made, in ticks since the node's boot. Runtimes make it with the container, before they
    /// start it.
    pub ticks: Option<u64>,
    /// How many ticks a second has.
    pub ticks_per_second: Option<u64>,
    /// When the kubelet told of the start, in nanoseconds since 1970.
    pub event_ns: Option<u64>,
    /// When its program first looked at the clock, in nanoseconds since 1970.
    pub realtime_ns: Option<u64>,
    /// The same, in nanoseconds since the node's boot.
    pub boottime_ns: Option<u64>,
}

/// One exchange in one pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number among those of its strategy and order, from 1.
    pub number: u32,
    /// The namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How often the consumer was restarted.
    pub restarts: i32,
    /// When the producer began.
    pub producer: Start,
    /// When the consumer began.
    pub consumer: Start,
}

impl Trial {
    /// How long after the producer's program the consumer's began, in nanoseconds; before it, if negative.
    #[must_use]
    pub fn gap_by_clock(&self) -> Option<i64> {
        difference(self.consumer.boottime_ns?, self.producer.boottime_ns?)
    }

    /// The same by the events of the two starts.
    #[must_use]
    pub fn gap_by_event(&self) -> Option<i64> {
        difference(self.consumer.event_ns?, self.producer.event_ns?)
    }

    /// The same by the start ticks of the two processes.
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

/// Reads the trial that was made in the pod called `pod`.
#[must_use]
pub fn read_trial(seen: &Evidence, pod: &str, number: u32) -> Trial {
    let uid = seen.applied(pod, 0).map(|applied| applied.uid.as_str());
    let outcome = match &uid {
        Ok(uid) => outcome(seen, pod, uid).unwrap_or_else(|missing| untold(seen, pod, &missing)),
        Err(missing) => untold(seen, pod, missing),
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

fn outcome(seen: &Evidence, pod: &str, uid: &str) -> Result<Outcome, Missing> {
    left_alone(seen, uid)?;
    let last = seen.last(uid)?;
    if seen.mark(&stall_mark(pod)).is_ok() && !last.is_terminal() {
        let idle = is_idle(last).ok_or_else(|| Missing::new("a pod in which nothing is about to begin"))?;
        // What has been received whole is no stalled exchange, but one whose end nobody told.
        let received =
            seen.logs.iter().any(|log| log.uid == uid && log.container == CONSUMER && has_all(log));
        Inquiry::premise("an exchange that is not over", !received)?;
        return Ok(Outcome::Hung(idle));
    }
    let consumer = seen.container(uid, CONSUMER)?.value;
    if last.phase() == "Succeeded" {
        let exchange = Exchange::read_from(seen, uid, consumer.restarts)?;
        exchange.premise_whole(usize::MAX)?;
        let whole = exchange.received.strip_suffix(&[EXIT_MESSAGE]) == Some(exchange.sent.as_slice());
        if whole {
            return Ok(Outcome::Completed);
        }
        let (received, sent) = (exchange.received.len(), exchange.sent.len());
        return Ok(Outcome::Lost(format!("{received} messages received, {sent} and the exit message sent")));
    }
    // A consumer that has failed may still come back.
    Inquiry::premise("the end of the exchange", is_over(last))?;
    let end = seen.ending(uid, CONSUMER, consumer.restarts)?.value;
    let log = consumer_log(seen, uid, consumer.restarts)?.value;
    if end.exit_code == 1 && gave_up(log) {
        return Ok(Outcome::Lost("the consumer found no queue and gave up".to_owned()));
    }
    Err(Missing::new(format!("why the consumer ended with exit code {}", end.exit_code)))
}

/// Why it cannot be told: what was awaited of this pod and did not come, and what is missing.
fn untold(seen: &Evidence, pod: &str, missing: &Missing) -> Outcome {
    let about = format!("pod {pod} ");
    let wait = seen.waits.iter().rev().find(|wait| format!("{} ", wait.what).contains(&about));
    let why = wait.and_then(|wait| match &wait.end {
        WaitEnd::Met => None,
        WaitEnd::Hopeless(why) | WaitEnd::Broken(why) => Some(why.clone()),
        WaitEnd::TimedOut(_) => Some(format!("{} did not come in time", wait.what)),
    });
    let why = why.or_else(|| seen.blocked.clone());
    Outcome::Inconclusive(why.map_or_else(|| missing.to_string(), |why| format!("{why}; {missing}")))
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
