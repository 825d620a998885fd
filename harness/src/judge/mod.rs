//! Verdicts, and the vocabulary in which a case's judge states what must hold.
//!
//! Judging is a plain function of the evidence: this room may *not* be asynchronous, hold a client, read the
//! clock or touch a file.

mod admission;
mod expect;
mod inquiry;
mod verdict;

pub use admission::changed_by_admission;
pub use inquiry::Inquiry;
pub use verdict::{Finding, Verdict};
