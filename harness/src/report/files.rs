//! All reports of a run, as files in its folder.

use std::path::Path;

use super::ctrf::write_ctrf;
use super::fault::ReportError;
use super::html::write_html;
use super::junit::{JunitProfile, write_junit};
use super::markdown::write_markdown;
use super::metrics::write_metrics;
use super::trace::write_trace;
use crate::run::RunRecord;

/// Writes every report of the run into its folder, each whole or not at all, from the record and the evidence there;
/// the JUnit document in the form of `junit`.
///
/// One that cannot be written does not keep the others from it; gives back what could not be written.
#[must_use]
pub fn write_reports(folder: &Path, record: &RunRecord, junit: JunitProfile) -> Vec<ReportError> {
    let written = [
        write_junit(folder, record, junit),
        write_html(folder, record),
        write_markdown(folder, record),
        write_metrics(folder, record),
        write_ctrf(folder, record),
        write_trace(folder, record),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
