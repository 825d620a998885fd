//! The cases: for each claim how it is driven, and how what was seen is judged.
//!
//! A case's value, its `drive` and its `judge` stand together, one file per theme. A drive acts and observes
//! through its stage and may *not* decide; a judge reads the evidence and may *not* act.

mod case;
mod comeback;
mod exchange;
mod ipc;
mod isolation;
mod keeper;
mod lifecycle;
mod members;
mod namesake;
mod neighbours;
mod network;
mod place;
mod premise;
mod quiet;
mod restart;
mod service;
mod startup;
mod volume;

pub(crate) use exchange::{CONSUMER, EXIT_MESSAGE, Exchange, PRODUCER, consumer_log, gave_up, has_all};
pub(crate) use premise::left_alone;

pub use case::{Case, Driving, all, find};
pub use premise::Expected;
