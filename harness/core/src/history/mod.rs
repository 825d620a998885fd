//! The history of runs: stores runs and compares them, to find what broke, since when, and what is flaky.
//!
//! ```text
//! record.json, JUnit of other tools -> HistoryRun -> store -> runs of one series -> review_run -> changes
//! ```
//!
//! The run folders are the source of truth; the store can be recreated from them. A case is identified by the id of its
//! claim. Its environment is not part of the identity but stored as facts. Comparisons use only stored data and have no
//! side effects. What changed is data, which reports show; only the store needs a database, and the feature `history`.
//!
//! This module must *not* access a cluster, depend on reports or change a record. Its text comes from clusters and from
//! files of other tools and is untrusted: callers must clean it before they show it.

mod compare;
mod facts;
mod import;
mod listed;
mod model;
pub mod regression;
mod signature;
#[cfg(feature = "history")]
mod store;
mod tally;
mod trend;

pub use compare::{CaseDifference, CaseResults, Comparison, compare};
pub use facts::{DEFAULT_SERIES, EnvironmentFacts, FactChange, changed_facts, facts_of, series_of};
pub use import::{ErrorMeaning, ImportError, ImportOptions, import_junit};
pub use listed::ListedRun;
pub use model::{CaseAttempt, CaseKey, CaseOutcome, HistoryRun, RunName};
pub use signature::signature;
#[cfg(feature = "history")]
pub use store::{Added, DatabaseError, Renames, RunRange, Store, StoreError, StoreLocation, Url};
pub use tally::Tally;
pub use trend::{CaseTrend, Execution, TrendChange};
