//! The data of podproof and everything that is made from it: plans, evidence, verdicts, records, reports, history.
//!
//! ```text
//! plan    evidence -> judge -> record -> history -> report
//!                          `-> trials -----------'
//! ```
//!
//! No module here has a Kubernetes client, an async runtime or a cluster: everything works from files. The crate
//! `podproof` drives cases on a cluster and produces the evidence.

pub mod disk;
pub mod hex;
pub mod lines;
pub mod redact;

pub mod plan;

pub mod evidence;

pub mod judge;

pub mod cluster_facts;

pub mod statistics;

pub mod record;

pub mod trials;

pub mod history;

pub mod report;
