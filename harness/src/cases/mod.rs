//! The cases: how each claim is driven, and how its evidence is judged.
//!
//! A case's value, its `drive` and its `judge` are in the same file; there is one file per topic. A drive acts and
//! observes through its stage and must *not* decide; a judge reads the evidence and must *not* act.

mod case;
mod container_restart;
mod containers;
mod exchange;
mod exit_code;
mod ipc;
mod isolation;
mod lifecycle;
mod list;
mod network;
mod never_happens;
mod node_disturbance;
mod node_service;
mod pod_replacement;
mod premise;
mod restart;
mod startup;
mod two_pods;
mod volume;
mod volume_on_node;

pub(crate) use exchange::{
    CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, consumer_log, gave_up, has_exit_message,
};
pub(crate) use premise::premise_undisturbed;

pub use case::{Case, Driving};
pub use list::{all, find};
pub use premise::Disturbance;
