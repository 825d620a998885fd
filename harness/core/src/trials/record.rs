//! The record of an experiment: all trials, and the shares and distributions for each strategy and list order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list_order::ListOrder;
use super::trial::{Trial, TrialOutcome};
use crate::cluster_facts::ClusterFacts;
use crate::record::RunId;
use crate::statistics::{Distribution, Share};

/// The format version of `experiment.json`.
pub const FORMAT: u32 = 1;

/// The record of an experiment, `experiment.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRecord {
    /// The version of the format.
    pub format: u32,
    /// The kind of experiment: `startup`.
    pub experiment: String,
    /// The run's ID.
    pub run: RunId,
    /// The version of podproof.
    pub podproof: String,
    /// When it started, by podproof's clock.
    pub started: Timestamp,
    /// When its last trial ended.
    pub ended: Timestamp,
    /// The facts about the cluster, as found at the start.
    pub cluster: ClusterFacts,
    /// The requested number of trials of each strategy in each list order.
    pub trials: u32,
    /// The number of trials that ran at once.
    pub parallel: u32,
    /// The cause of an interruption, after which trials are missing; `None` if the experiment was complete.
    pub interrupted: Option<String>,
    /// One entry for each strategy and list order.
    pub groups: Vec<TrialGroup>,
    /// Failures to write files or to clean up. They change no trial.
    pub faults: Vec<String>,
}

/// The trials of one strategy in one list order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialGroup {
    /// The name of the strategy.
    pub strategy: String,
    /// The order in which the manifest lists the containers.
    pub order: ListOrder,
    /// Why the cluster cannot run the strategy; `None` if it can.
    pub skipped: Option<String>,
    /// The statistics of the trials.
    pub measured: Measured,
    /// The trials in order.
    pub trials: Vec<Trial>,
}

/// The statistics of a group of trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The share of completed trials among those that are not inconclusive.
    pub completed: Option<Share>,
    /// The number of trials that lost messages.
    pub lost: u32,
    /// The number of trials that hung.
    pub hung: u32,
    /// The number of inconclusive trials.
    pub inconclusive: u32,
    /// The consumer's program start minus the producer's, by the node's clock since boot, in milliseconds.
    pub gap_by_clock_ms: Option<Distribution>,
    /// The same difference between the kubelet's `Started` events.
    pub gap_by_event_ms: Option<Distribution>,
    /// The same difference between the start ticks of the processes.
    pub gap_by_ticks_ms: Option<Distribution>,
}

impl Measured {
    /// Computes the statistics of these trials.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let count = |is: fn(&TrialOutcome) -> bool| {
            u32::try_from(trials.iter().filter(|trial| is(&trial.outcome)).count()).unwrap_or(u32::MAX)
        };
        let completed = count(|outcome| matches!(outcome, TrialOutcome::Completed));
        let lost = count(|outcome| matches!(outcome, TrialOutcome::Lost(_)));
        let hung = count(|outcome| matches!(outcome, TrialOutcome::Hung(_)));
        Self {
            completed: Share::of(completed, completed.saturating_add(lost).saturating_add(hung)),
            lost,
            hung,
            inconclusive: count(|outcome| matches!(outcome, TrialOutcome::Inconclusive(_))),
            gap_by_clock_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_clock)),
            gap_by_event_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_event)),
            gap_by_ticks_ms: Distribution::of(trials.iter().filter_map(Trial::gap_by_ticks)),
        }
    }
}

impl ExperimentRecord {
    /// The number of inconclusive trials in all groups.
    #[must_use]
    pub fn inconclusive(&self) -> u32 {
        self.groups.iter().map(|group| group.measured.inconclusive).sum()
    }
}
