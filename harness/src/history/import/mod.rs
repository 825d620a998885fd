//! Foreign reports: the JUnit of Ginkgo, nextest, pytest, Surefire and others, kept as runs.
//!
//! The reader takes what these tools really write: any nesting of suites, missing times, thousands separators,
//! attempts as `flakyFailure` or `rerunFailure`, repetitions as test cases of the same name. What is skipped without a
//! reason was not selected, and is left out.

mod case;
mod document;
mod scan;

pub use document::{ErrorsAre, ImportError, ImportOrder, import_junit};
