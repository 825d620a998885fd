//! The executions, grouped by status class, the most important first.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::badge::css;
use super::budget::Budget;
use super::card::card;
use super::findings::reason;
use super::page::PageContext;
use crate::report::entry::{Entry, group_name};
use crate::report::status::{StatusClass, gist};
use crate::report::text::plain_line;

/// The number of cards that are open in a group. A browser lays out every open card, so many are slow.
const OPEN: usize = 20;

/// A section for each group that is not empty, with a card for each execution.
pub(super) fn groups(page: &PageContext<'_>, budget: &mut Budget) -> Markup {
    let mut shown = BTreeSet::new();
    html! {
        @for class in [StatusClass::Bad, StatusClass::Inconclusive, StatusClass::Skipped, StatusClass::Good] {
            @let entries: Vec<_> = page.entries.iter().filter(|entry| entry.status.class() == class).collect();
            @if !entries.is_empty() {
                section id=(css(class)) {
                    h2 { (group_name(page.record.purpose, class)) " (" (entries.len()) ")" }
                    @if class == StatusClass::Skipped {
                        (reasons(&entries))
                    }
                    @for (place, entry) in entries.iter().enumerate() {
                        @let open = matches!(class, StatusClass::Bad | StatusClass::Inconclusive) && place < OPEN;
                        (card(page, entry, open, (budget, &mut shown)))
                    }
                }
            }
            // Unproved cases come before passed ones: their verdicts count for less.
            @if class == StatusClass::Skipped {
                (unproved(page))
            }
        }
    }
}

/// How many cases were skipped for each reason.
fn reasons(entries: &[&Entry<'_>]) -> Markup {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        *counts.entry(plain_line(&gist(entry.case, &entry.proof), 200)).or_default() += 1;
    }
    html! {
        div.scroll { table {
            caption { "Reasons for skipping" }
            thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Cases" } } }
            tbody {
                @for (reason, count) in counts.iter().take(50) {
                    tr { td { (reason) } td.number { (count) } }
                }
            }
        } }
        @if counts.len() > 50 { p.faint { (counts.len() - 50) " more reasons are left out." } }
    }
}

/// The section on cases that no real cluster has proved able to fail yet.
fn unproved(page: &PageContext<'_>) -> Markup {
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
                p { "No real cluster has shown yet that these cases can pass and can fail, so their verdicts count for less." }
                details {
                    summary { "List with reasons" }
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
