//! Executes a plan: opens stages, runs drives, judges, records and reports progress as events.
//!
//! This module must *not* format reports, act inside a case's namespace or change a judge's verdict, except that a fail
//! becomes inconclusive where the claim need not hold (see `uncertainty`).

mod dispatch;
mod execute;
mod identity_monitor;
mod preconditions;
mod rejudge;
mod run_context;
mod runtime_notes;
mod uncertainty;

pub use dispatch::conduct;
pub(crate) use execute::store_evidence;
pub use rejudge::{judge_again, verdict_events};
pub use run_context::{Interrupt, RunOptions};
