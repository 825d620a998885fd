//! A run as JUnit: one suite per area, one test case per execution.
//!
//! `junit-report` writes the skeleton, and `enrich` adds what the crate does not support. The crate writes strings
//! unescaped into CDATA sections, so this module passes only cleaned [`XmlText`](super::text::XmlText) to it.

mod addition;
mod document;
mod ending;
mod enrich;
mod output;
mod profile;
mod suite;

pub use document::{junit_document, write_junit};
pub use profile::JunitProfile;
