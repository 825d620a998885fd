//! All reports of a run, as files in its folder.

use std::path::{Path, PathBuf};

use super::background::Background;
use super::ctrf::write_ctrf;
use super::fault::ReportError;
use super::html::write_html;
use super::junit::{JunitProfile, write_junit};
use super::markdown::write_markdown;
use super::metrics::{write_metrics, write_metrics_over};
use super::sketch::Reader;
use super::trace::write_trace;
use crate::run::RunRecord;

/// What is wished of the reports of a run.
#[derive(Clone, Debug, Default)]
pub struct ReportOrder {
    /// For whom `junit.xml` is written.
    pub junit: JunitProfile,
    /// A file that stays in its place from run to run, to which the metrics are written too.
    pub metrics: Option<PathBuf>,
    /// What is known of the runs before.
    pub background: Option<Background>,
}

/// Writes every report of the run into its folder, each whole or not at all, from the record and the evidence there.
///
/// One that cannot be written does not keep the others from it; gives back what could not be written.
#[must_use]
pub fn write_reports(folder: &Path, record: &RunRecord, order: &ReportOrder) -> Vec<ReportError> {
    let background = order.background.as_ref();
    // The page first: what it has read of the evidence, the trace need not read again.
    let reader = Reader::new(folder);
    let written = [
        write_junit(folder, record, order.junit),
        write_html(&reader, record, background),
        write_markdown(folder, record, background),
        write_metrics(folder, record),
        write_ctrf(folder, record),
        write_trace(&reader, record),
        order.metrics.as_deref().map_or(Ok(()), |file| write_metrics_over(file, record)),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
