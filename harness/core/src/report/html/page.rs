//! The input of the page of a run.

use crate::history::regression::HistoryComparison;
use crate::record::RunRecord;
use crate::report::entry::Entry;
use crate::report::evidence_view::Reader;

/// The input that all parts of the page share.
pub(super) struct PageContext<'a> {
    pub(super) record: &'a RunRecord,
    /// Reads the evidence in the run's folder.
    pub(super) reader: &'a Reader<'a>,
    /// The executions, in the order of the plan.
    pub(super) entries: Vec<Entry<'a>>,
    /// The comparison with earlier runs; absent if no history was given.
    pub(super) comparison: Option<&'a HistoryComparison>,
}
