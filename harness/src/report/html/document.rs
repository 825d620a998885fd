//! The whole page.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::budget::Budget;
use super::groups::groups;
use super::{account, head, listing};
use crate::disk::write_whole;
use crate::plan::{Catalogue, Tree};
use crate::report::entry::{Entry, entries};
use crate::report::fault::ReportError;
use crate::report::text::plain_line;
use crate::run::RunRecord;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// What all parts of the page are made from.
pub(super) struct Page<'a> {
    pub(super) record: &'a RunRecord,
    /// The run's folder.
    pub(super) folder: &'a Path,
    /// The executions, in the order of the plan.
    pub(super) entries: Vec<Entry<'a>>,
    /// The claims as this program knows them; the record has no more of them than their sentences.
    pub(super) catalogue: Option<Catalogue>,
}

/// The record, and what `folder` has of its evidence, as one HTML page. The same files give the same bytes.
///
/// The evidence is read case by case; what is missing or damaged is said on the page.
#[must_use]
pub fn html_page(record: &RunRecord, folder: &Path) -> String {
    let catalogue = Catalogue::read(&Tree::Embedded).ok();
    let page = Page { record, folder, entries: entries(record), catalogue };
    whole(&page).into_string()
}

/// Writes `report.html` into the run's folder: whole, or not at all.
pub(in crate::report) fn write_html(folder: &Path, record: &RunRecord) -> Result<(), ReportError> {
    let file = folder.join("report.html");
    let page = html_page(record, folder);
    write_whole(&file, page.as_bytes()).map_err(|source| ReportError::File { file, source })
}

fn whole(page: &Page<'_>) -> Markup {
    let mut budget = Budget::new(&page.entries);
    let run = plain_line(page.record.run.as_str(), 80);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (head::outcome(page.record).word()) " - podproof " (run) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head::head(page))
                main {
                    (groups(page, &mut budget))
                    (account::article(page))
                    (listing::all(page))
                }
                footer { "podproof " (plain_line(&page.record.podproof, 80)) ", run " (run) "." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Nothing may be fetched, and nothing runs but our own script.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
