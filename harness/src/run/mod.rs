//! Executes a plan: opens stages, runs drives, judges, records and reports progress as events.
//!
//! This module must *not* format reports, act inside a case's namespace or change a judge's verdict, except that a fail
//! becomes inconclusive where the claim need not hold (see `uncertainty`).

mod article;
mod attempt;
mod dispatch;
mod event;
mod execute;
mod journal;
mod oldest_part;
mod outcome;
mod preconditions;
mod proof;
mod record;
mod rejudge;
mod run_id;
mod runtime_notes;
mod same_cluster;
mod uncertainty;

pub use article::{ClaimResult, ClaimSide, SentenceReport, SentenceResult, sentence_reports};
pub use attempt::Attempt;
pub use dispatch::{Interrupt, RunOptions, conduct};
pub use event::{Event, TimedEvent};
pub use execute::evidence_folder;
pub(crate) use execute::evidence_folder_within;
pub(crate) use journal::KILLED;
pub use outcome::RunOutcome;
pub use proof::{Proof, proofs};
pub use record::{CaseRecord, Counts, MutantRecord, RecordError, RunRecord, read_record, write_record};
pub(crate) use record::{parsed, read_or_recover};
pub use rejudge::{judge_again, verdict_events};
pub use run_id::RunId;
pub(crate) use run_id::random_hex;
pub use same_cluster::ClusterChange;
