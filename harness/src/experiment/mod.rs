//! Measures how often each remedy for the article's "one major problem" works, and how far apart containers start.
//!
//! ```text
//! strategy -> batches -> stage (drive) -> evidence -> trial (pure) -> record with shares and distributions
//! ```
//!
//! A trial is one exchange of messages in one pod. A pure function reads its outcome from the evidence. This module
//! counts and measures. It must *not* judge a cluster, because any order of starts is fine, and must *not* format
//! reports.

mod batch;
mod conduct;
mod strategy;
mod trial;
mod watch;

pub use batch::{Batch, batches};
pub use conduct::{BatchEnded, ExperimentOptions, experiment};
pub use strategy::{Strategy, StrategyError};
pub use trial::read_trial;
