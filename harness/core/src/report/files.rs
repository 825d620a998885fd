//! Writes all reports of a run.

use std::path::{Path, PathBuf};

use super::ctrf::write_ctrf;
use super::error::ReportError;
use super::evidence_view::Reader;
use super::html::write_html;
use super::junit::{JunitProfile, write_junit};
use super::markdown::write_markdown;
use super::metrics::{write_metrics, write_metrics_over};
use super::trace::write_trace;
use crate::history::regression::HistoryComparison;
use crate::record::RunRecord;

/// Configures the reports of a run.
#[derive(Clone, Debug, Default)]
pub struct ReportConfig {
    /// The profile of `junit.xml`.
    pub junit: JunitProfile,
    /// Another file for the metrics, which every run updates. `None` writes only `metrics.prom`.
    pub metrics: Option<PathBuf>,
    /// The comparison with earlier runs, if there is a history.
    pub comparison: Option<HistoryComparison>,
}

/// Writes every report of a run into its folder, from the record and the evidence there. Each file is written
/// atomically.
///
/// Continues after errors and returns all of them.
#[must_use]
pub fn write_reports(folder: &Path, record: &RunRecord, config: &ReportConfig) -> Vec<ReportError> {
    let comparison = config.comparison.as_ref();
    // The page comes before the trace: the reader caches the waits that the trace needs.
    let reader = Reader::new(folder);
    let written = [
        write_junit(folder, record, config.junit),
        write_html(&reader, record, comparison),
        write_markdown(folder, record, comparison),
        write_metrics(folder, record),
        write_ctrf(folder, record),
        write_trace(&reader, record),
        config.metrics.as_deref().map_or(Ok(()), |file| write_metrics_over(file, record)),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
