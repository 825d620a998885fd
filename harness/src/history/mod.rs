//! What runs are kept, and how they are compared: what broke, since when, and what is only flaky.
//!
//! ```text
//! record.json, JUnit of anybody -> kept run -> store -> runs of one series -> judge_night (pure) -> news
//! ```
//!
//! The run folders are the source of truth; the store is made from them and can be made again. A case is known by the
//! id of its claim and by nothing of its environment, which is told as facts. Judging is plain arithmetic on what was
//! kept.
//!
//! This room may *not* talk to a cluster, know how a run is reported, or change a record. What it gives back comes
//! from clusters and foreign files and is hostile: who shows it cleans it.

mod compare;
mod facts;
mod import;
mod kept;
pub mod regression;
mod signature;
pub mod statistics;
mod store;

pub use compare::{Comparison, Difference, Fared, Tally, compare};
pub use facts::{DEFAULT_SERIES, FactChange, Facts, changed_facts, facts_of, series_of};
pub use import::{ErrorsAre, ImportError, ImportOrder, import_junit};
pub use kept::{Attempt, CaseKey, KeptRun, Outcome, RunName};
pub use signature::signature;
pub use store::{Added, Extent, Listed, Place, Refused, Renames, Store, StoreError, Url};
