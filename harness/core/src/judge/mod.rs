//! Verdicts, and the assertions that the judge of a case states.
//!
//! Judging is a pure function of the evidence. This module must *not* be asynchronous or use a client, the clock or
//! files.

mod admission;
mod expect;
mod inquiry;
mod verdict;

pub use admission::changed_by_admission;
pub use inquiry::Inquiry;
pub use verdict::{Finding, Verdict};
