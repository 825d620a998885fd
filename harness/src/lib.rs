//! podproof proves, on a real Kubernetes cluster, that pods with several containers behave as promised.
//!
//! The rooms stand in the order in which the data flows, and nothing flows back:
//!
//! ```text
//! plan -> cluster -> stage -> (cases: drive) -> evidence -> judge -> run (record) -> report, history
//!                       `--> (experiment) -> evidence -> trials (record) -----------^
//! ```
//!
//! A case's `drive` acts and observes, its `judge` decides from the [`evidence::Evidence`] alone.
//! Everything right of the evidence works from files: no cluster is needed to judge again or to report.

mod disk;
mod hex;
mod lines;
mod redact;

mod refusal;
pub use redact::redacted;

pub mod plan;

pub mod evidence;

pub mod judge;

pub mod cluster;

pub mod stage;

pub mod cases;

pub mod run;

pub mod experiment;

pub mod report;

#[cfg(feature = "history")]
pub mod history;
