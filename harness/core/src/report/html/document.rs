//! The HTML page of a run.

use std::path::Path;

use maud::{Markup, html};

use super::budget::Budget;
use super::groups::groups;
use super::matrix::rounds;
use super::page::PageContext;
use super::shell::shell;
use super::{article, changes, head, listing};
use crate::disk::write_whole;
use crate::history::regression::HistoryComparison;
use crate::record::RunRecord;
use crate::report::entry::entries;
use crate::report::error::ReportError;
use crate::report::evidence_view::Reader;
use crate::report::text::plain_line;

const SCRIPT: &str = include_str!("page.js");

/// Renders a record, the evidence in `folder` and the comparison with earlier runs as one HTML page. The same input
/// gives the same bytes.
///
/// The evidence is read case by case. The page says which evidence is missing or damaged.
#[must_use]
pub fn html_page(record: &RunRecord, folder: &Path, comparison: Option<&HistoryComparison>) -> String {
    render_page(record, &Reader::new(folder), comparison)
}

fn render_page(record: &RunRecord, reader: &Reader<'_>, comparison: Option<&HistoryComparison>) -> String {
    page(&PageContext { record, reader, entries: entries(record), comparison }).into_string()
}

/// Writes `report.html` into the run's folder, atomically.
pub(in crate::report) fn write_html(
    reader: &Reader<'_>,
    record: &RunRecord,
    comparison: Option<&HistoryComparison>,
) -> Result<(), ReportError> {
    let file = reader.folder.join("report.html");
    let page = render_page(record, reader, comparison);
    write_whole(&file, page.as_bytes()).map_err(|source| ReportError::File { file, source })
}

fn page(page: &PageContext<'_>) -> Markup {
    let mut budget = Budget::new(&page.entries);
    let run = plain_line(page.record.run.as_str(), 80);
    let title = format!("{} - podproof {run}", head::outcome(page.record).word());
    let body = html! {
        (head::head(page))
        main {
            (changes::changes(page))
            (rounds(page))
            (groups(page, &mut budget))
            (article::article_section(page))
            (listing::all(page))
        }
        footer { "podproof " (plain_line(&page.record.podproof, 80)) ", run " (run) "." }
    };
    shell(&title, &body, Some(SCRIPT))
}
