//! All reports of a run, as files in its folder.

use std::path::Path;

use super::background::Background;
use super::ctrf::write_ctrf;
use super::fault::ReportError;
use super::html::write_html;
use super::junit::write_junit;
use super::markdown::write_markdown;
use super::metrics::write_metrics;
use super::sketch::Reader;
use super::trace::write_trace;
use crate::run::RunRecord;

/// Writes every report of the run into its folder, each whole or not at all, from the record, the evidence there, and what
/// is known of the runs before.
///
/// One that cannot be written does not keep the others from it; gives back what could not be written.
#[must_use]
pub fn write_reports(folder: &Path, record: &RunRecord, background: Option<&Background>) -> Vec<ReportError> {
    // The page first: what it has read of the evidence, the trace need not read again.
    let reader = Reader::new(folder);
    let written = [
        write_junit(&folder.join("junit.xml"), record),
        write_html(&reader, record, background),
        write_markdown(folder, record, background),
        write_metrics(folder, record),
        write_ctrf(folder, record),
        write_trace(&reader, record),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
