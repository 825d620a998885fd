//! The whole page.

use std::path::Path;

use maud::{Markup, html};

use super::budget::Budget;
use super::groups::groups;
use super::matrix::rounds;
use super::shell::shell;
use super::{account, head, listing, news};
use crate::disk::write_whole;
use crate::plan::{Catalogue, Tree};
use crate::report::background::Background;
use crate::report::entry::{Entry, entries};
use crate::report::fault::ReportError;
use crate::report::sketch::Reader;
use crate::report::text::plain_line;
use crate::run::RunRecord;

const SCRIPT: &str = include_str!("page.js");

/// What all parts of the page are made from.
pub(super) struct Page<'a> {
    pub(super) record: &'a RunRecord,
    /// What reads the evidence in the run's folder.
    pub(super) reader: &'a Reader<'a>,
    /// The executions, in the order of the plan.
    pub(super) entries: Vec<Entry<'a>>,
    /// The claims as this program knows them; the record has no more of them than their sentences.
    pub(super) catalogue: Option<Catalogue>,
    /// The runs before, as far as they are known.
    pub(super) background: Option<&'a Background>,
}

/// The record, what `folder` has of its evidence, and what is known of the runs before, as one HTML page. The same input
/// gives the same bytes.
///
/// The evidence is read case by case; what is missing or damaged is said on the page.
#[must_use]
pub fn html_page(record: &RunRecord, folder: &Path, background: Option<&Background>) -> String {
    page_beside(record, &Reader::new(folder), background)
}

fn page_beside(record: &RunRecord, reader: &Reader<'_>, background: Option<&Background>) -> String {
    let catalogue = Catalogue::read(&Tree::Embedded).ok();
    whole(&Page { record, reader, entries: entries(record), catalogue, background }).into_string()
}

/// Writes `report.html` into the run's folder: whole, or not at all.
pub(in crate::report) fn write_html(
    reader: &Reader<'_>,
    record: &RunRecord,
    background: Option<&Background>,
) -> Result<(), ReportError> {
    let file = reader.folder.join("report.html");
    let page = page_beside(record, reader, background);
    write_whole(&file, page.as_bytes()).map_err(|source| ReportError::File { file, source })
}

fn whole(page: &Page<'_>) -> Markup {
    let mut budget = Budget::new(&page.entries);
    let run = plain_line(page.record.run.as_str(), 80);
    let title = format!("{} - podproof {run}", head::outcome(page.record).word());
    let body = html! {
        (head::head(page))
        main {
            (news::news(page))
            (rounds(page))
            (groups(page, &mut budget))
            (account::article(page))
            (listing::all(page))
        }
        footer { "podproof " (plain_line(&page.record.podproof, 80)) ", run " (run) "." }
    };
    shell(&title, &body, Some(SCRIPT))
}
