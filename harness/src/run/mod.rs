//! Conducts a plan: opens stages, drives, judges, records, and tells what happens as events.
//!
//! This room may *not* know how anything is reported, act inside a case's namespace, or change a verdict.

mod attempt;
mod differ;
mod dispatch;
mod doubt;
mod event;
mod execute;
mod identity;
mod journal;
mod lack;
mod oldest;
mod outcome;
mod proof;
mod record;
mod rejudge;
mod same_cluster;
mod standing;

pub use attempt::Attempt;
pub use dispatch::{Interrupt, RunOrder, conduct};
pub use event::{Event, Told};
pub use execute::evidence_folder;
pub(crate) use execute::evidence_folder_within;
pub use identity::RunId;
pub(crate) use identity::random_hex;
pub(crate) use journal::KILLED;
pub use outcome::Outcome;
pub use proof::{Proof, proofs};
pub use record::{CaseRecord, Counts, MutantRecord, RecordError, RunRecord, read_record, write_record};
pub(crate) use record::{parsed, read_or_recover};
pub use rejudge::{judge_again, verdict_events};
pub use same_cluster::Change;
pub use standing::{Account, Answer, Side, Standing, accounts};
