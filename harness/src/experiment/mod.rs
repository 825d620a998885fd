//! Measures how often each remedy against the article's "one major problem" works, and how far apart containers start.
//!
//! ```text
//! strategy -> batches -> stage (drive) -> evidence -> trial (pure) -> record with shares and distributions
//! ```
//!
//! A trial is one exchange in one pod. What became of it is read from the evidence by a plain function. This room may
//! *not* judge a cluster: it counts and measures, and no order of starts is right or wrong here. It may *not* know how
//! anything is reported.

mod batch;
mod conduct;
mod journal;
mod record;
mod statistics;
mod strategy;
mod trial;
mod watch;

pub use batch::{Batch, batches};
pub use conduct::{BatchTold, ExperimentOrder, experiment};
pub use record::{
    ExperimentError, ExperimentRecord, Group, Measured, is_experiment, read_experiment, write_experiment,
};
pub use statistics::{Distribution, Share, nearest_rank};
pub use strategy::{ListOrder, Strategy, StrategyError};
pub use trial::{Outcome, Start, Trial, read_trial};
