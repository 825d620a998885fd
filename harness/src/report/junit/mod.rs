//! The record of a run as JUnit: one suite per area, one test case per execution.
//!
//! `junit-report` writes the skeleton, and what it lacks is added to its output. It writes every string raw into
//! CDATA sections, so this folder hands it nothing but [`XmlText`](super::text::XmlText).

mod addition;
mod document;
mod ending;
mod enrich;
mod output;
mod profile;
mod suite;

pub use document::{junit_document, write_junit};
pub use profile::JunitProfile;
