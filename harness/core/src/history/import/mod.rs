//! Imports JUnit reports of Ginkgo, nextest, pytest, Surefire and other tools as runs.
//!
//! The reader accepts what these tools write in practice: nested suites, missing times, thousands separators, attempts
//! as `flakyFailure` or `rerunFailure`, and repetitions as test cases of the same name. Test cases that are skipped
//! without a reason were not selected and are left out.

mod case;
mod document;
mod error_meaning;
mod scan;

pub use document::{ImportError, ImportOptions, import_junit};
pub use error_meaning::ErrorMeaning;
