//! The section on the article: each sentence with the results of its claims.

use maud::{Markup, html};

use super::badge::badge;
use super::page::PageContext;
use crate::record::{SentenceReport, SentenceResult, sentence_reports};
use crate::report::status::CaseStatus;
use crate::report::text::plain_line;

/// The longest sentence, in characters.
const LONGEST: usize = 1000;

/// The section on the article as the run asked it. Empty if the run checked no claim of any sentence.
pub(super) fn article_section(page: &PageContext<'_>) -> Markup {
    let Some(article) = &page.record.article else { return html! {} };
    let sentence_reports = sentence_reports(article, Some(page.record));
    let checked: Vec<_> = sentence_reports
        .iter()
        .filter(|report| !matches!(report.result, None | Some(SentenceResult::NotChecked)))
        .collect();
    html! {
        @if !checked.is_empty() {
            section id="article" {
                h2 { "The article, sentence by sentence" }
                details {
                    summary { "This run checked " (checked.len()) " of " (sentence_reports.len()) " sentences" }
                    div.scroll { table {
                        thead { tr {
                            th scope="col" { "Sentence" } th scope="col" { "Assessment" } th scope="col" { "This run" }
                            th scope="col" { "Claims" }
                        } }
                        tbody { @for report in checked { (row(page, report)) } }
                    } }
                }
            }
        }
    }
}

fn row(page: &PageContext<'_>, report: &SentenceReport<'_>) -> Markup {
    html! {
        tr {
            td { strong { (plain_line(&report.sentence.id, 40)) } " " (plain_line(&report.sentence.sentence, LONGEST)) }
            td { (report.sentence.bearing) }
            td { (report.result.map_or("", SentenceResult::as_str)) }
            td {
                @for answer in &report.answers {
                    @if let Some(case) = answer.case {
                        @let index = page.entries.iter().position(|entry| std::ptr::eq(entry.case, case)).unwrap_or_default();
                        div { (badge(CaseStatus::of_verdict(&case.verdict))) " " a href={ "#case-" (index) } { (answer.id) } }
                    }
                }
            }
        }
    }
}
