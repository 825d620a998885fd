//! One trial of an experiment: one exchange in one pod.

use serde::{Deserialize, Serialize};

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
