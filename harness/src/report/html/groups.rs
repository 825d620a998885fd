//! The executions, by importance.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::budget::Budget;
use super::card::card;
use super::document::Page;
use super::findings::reason;
use crate::report::entry::{Entry, group_name};
use crate::report::status::{Class, Status, gist};
use crate::report::text::plain_line;

/// How many cards of a group are open at once: a browser draws what is open.
const OPEN: usize = 20;

/// The class of CSS that goes with a class of endings.
pub(super) fn css(class: Class) -> &'static str {
    match class {
        Class::Bad => "bad",
        Class::Untold => "untold",
        Class::Skipped => "skipped",
        Class::Good => "good",
    }
}

/// The word for an execution: text, border and colour say the same.
pub(super) fn badge(status: Status) -> Markup {
    html! { span class={ "badge " (css(status.class())) } { (status.word()) } }
}

/// Each group that has executions, the most important first, a card for each execution.
pub(super) fn groups(page: &Page<'_>, budget: &mut Budget) -> Markup {
    let mut told = BTreeSet::new();
    html! {
        @for class in [Class::Bad, Class::Untold, Class::Skipped, Class::Good] {
            @let entries: Vec<_> = page.entries.iter().filter(|entry| entry.status.class() == class).collect();
            @if !entries.is_empty() {
                section id=(css(class)) {
                    h2 { (group_name(page.record.purpose, class)) " (" (entries.len()) ")" }
                    @if class == Class::Skipped {
                        (reasons(&entries))
                    }
                    @for (place, entry) in entries.iter().enumerate() {
                        @let open = matches!(class, Class::Bad | Class::Untold) && place < OPEN;
                        (card(page, entry, open, (budget, &mut told)))
                    }
                }
            }
            // What no cluster has proved yet is weighed before what passed.
            @if class == Class::Skipped {
                (unproved(page))
            }
        }
    }
}

/// How many were skipped for which reason.
fn reasons(entries: &[&Entry<'_>]) -> Markup {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        *counts.entry(plain_line(&gist(entry.case, &entry.proof), 200)).or_default() += 1;
    }
    html! {
        div.scroll { table {
            caption { "What was lacking" }
            thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Cases" } } }
            tbody {
                @for (reason, count) in counts.iter().take(50) {
                    tr { td { (reason) } td.number { (count) } }
                }
            }
        } }
        @if counts.len() > 50 { p.faint { (counts.len() - 50) " more reasons are left out here." } }
    }
}

/// The cases of which no real cluster has shown yet that they can fail.
fn unproved(page: &Page<'_>) -> Markup {
    let mut claims = BTreeMap::new();
    for entry in &page.entries {
        if let Some(why) = &entry.case.unproved {
            claims.entry(&entry.case.claim).or_insert((entry, why));
        }
    }
    html! {
        @if !claims.is_empty() {
            section id="unproved" {
                h2 { "Unproved (" (claims.len()) ")" }
                p { "No real cluster has shown yet that these cases hold and that they can fail: their verdicts are worth less." }
                details {
                    summary { "Which, and why" }
                    ul {
                        @for (claim, (entry, why)) in claims {
                            li { a href={ "#" (entry.anchor()) } { (claim) } ": " (reason(why, 300)) }
                        }
                    }
                }
            }
        }
    }
}
