//! A run as JUnit: one suite per area, one test case per execution.
//!
//! A document is built once: `suite` says which test cases there are, `content` prepares their texts within the size
//! limit (again with a smaller limit, while they are too large), `junit-report` writes the skeleton with these texts,
//! and `enrich` copies the skeleton and adds what the crate does not support.
//!
//! The copy cannot be avoided: the crate writes a whole report at once, without properties, attempts, counts of skips,
//! wall times and timestamps of test cases, and it offers no access to its XML writer between two elements. The crate
//! also writes strings unescaped into CDATA sections, so this module passes only cleaned
//! [`XmlText`](super::text::XmlText) to it.

mod addition;
mod content;
mod document;
mod ending;
mod enrich;
mod output;
mod profile;
mod suite;

pub use document::{junit_document, write_junit};
pub use profile::JunitProfile;
