//! The record of a run as data: verdicts, attempts, proofs, outcome, and what it says about the article.
//!
//! The record is the one input of reports and history. This room must *not* know how a case is driven or how
//! anything is reported.

mod article;
mod attempt;
mod claim_text;
mod event;
mod files;
mod folder;
mod format;
mod journal;
mod one_cluster;
mod outcome;
mod proof;
mod run_id;
mod run_record;

pub use article::{ClaimResult, ClaimSide, SentenceReport, SentenceResult, sentence_reports};
pub use attempt::is_worth_retrying;
pub use claim_text::{ClaimText, claim_texts};
pub use event::{Event, TimedEvent};
pub(crate) use files::replace_journal;
pub use files::{read_or_recover, read_record, write_record};
pub use folder::{evidence_folder, evidence_folder_within};
pub use format::{RecordError, parsed};
pub use journal::{KILLED, RunJournal, placeholder_record};
pub use outcome::RunOutcome;
pub use proof::{Proof, proofs};
pub use run_id::{RunId, random_hex};
pub use run_record::{Attempt, CaseRecord, ClusterChange, Counts, FORMAT, MutantRecord, RunRecord};
