//! The table of all executions.

use maud::{Markup, html};

use super::badge::badge;
use super::page::PageContext;
use crate::plan::Purpose;
use crate::report::entry::Entry;
use crate::report::status::gist;
use crate::report::text::plain_line;

/// All executions in the order of the plan. The filter is hidden until the script runs.
pub(super) fn all(page: &PageContext<'_>) -> Markup {
    let proving = page.record.purpose == Purpose::Prove;
    html! {
        section id="all" {
            h2 { "All " (page.entries.len()) @if proving { " cases and mutants" } @else { " cases" } }
            p.filter hidden="" {
                label for="filter" { "Only rows with " }
                input id="filter" type="search" autocomplete="off" placeholder="fail ipc";
            }
            div.scroll { table {
                thead { tr {
                    th scope="col" { (if proving { "Proof" } else { "Verdict" }) }
                    th scope="col" { (if proving { "Case and mutant" } else { "Claim" }) }
                    th.number scope="col" { "Seconds" }
                    th scope="col" { "Summary" }
                } }
                tbody {
                    @for entry in &page.entries {
                        tr {
                            td { (badge(entry.status)) }
                            td.name { a href={ "#" (entry.anchor()) } { (entry.name()) } }
                            td.number { (format!("{:.1}", entry.case.seconds)) }
                            td { (summary(entry)) @if entry.case.unproved.is_some() { " " span.tag.warn { "unproved" } } }
                        }
                    }
                }
            } }
        }
    }
}

fn summary(entry: &Entry<'_>) -> String {
    let gist = gist(entry.case, &entry.proof);
    let breaks = entry.case.mutant.as_ref().map(|mutant| mutant.breaks.as_str());
    let text = if gist.trim().is_empty() { breaks.unwrap_or(&entry.case.title) } else { &gist };
    plain_line(text, 100)
}
