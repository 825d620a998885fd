//! The record of an experiment as data: every trial, and the shares and distributions of each group.
//!
//! This room must *not* make trials: `podproof::experiment` does.

mod files;
mod journal;
mod list_order;
mod record;
mod trial;

pub use files::{ExperimentError, is_experiment, read_experiment, write_experiment};
pub use journal::ExperimentJournal;
pub use list_order::ListOrder;
pub use record::{ExperimentRecord, FORMAT, Measured, TrialGroup};
pub use trial::{Start, Trial, TrialOutcome};
