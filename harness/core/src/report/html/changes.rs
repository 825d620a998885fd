//! The changes since earlier runs.

use jiff::Timestamp;
use maud::{Markup, html};

use super::page::PageContext;
use crate::history::regression::{
    CaseChange, ChangeKind, EarlierRunComparison, HistoryComparison, ReviewResult, Severity,
};
use crate::report::changes::{describe_change, describe_earlier, describe_health};
use crate::report::text::{counted, plain_line};

/// The number of changes shown under each heading, and of environment facts.
const SHOWN: usize = 100;

/// A short comparison with the last run and the last good run. Empty if no history was given.
pub(super) fn compared(page: &PageContext<'_>) -> Markup {
    let Some(comparison) = page.comparison else { return html! {} };
    let HistoryComparison { series, review, previous, last_good } = comparison;
    let (result, compared_runs) = (review.result(), review.compared_runs);
    let same = previous.as_ref().zip(last_good.as_ref()).is_some_and(|(last, good)| last.run == good.run);
    html! {
        p {
            span class={ "tag " (if result == ReviewResult::Regressed { "bad" } else { "" }) } { (result.word()) }
            " compared with " (counted(compared_runs, "run")) " of the series " (plain_line(series, 80)) ": "
            @for (place, (label, count)) in review.label_counts().iter().enumerate() {
                @if place > 0 { ", " }
                a href="#news" { (count) " " (label) }
            }
            @if review.changes.is_empty() { "no changes." }
        }
        @if let Some(why) = describe_health(&review.health) { p { (plain_line(&why, 400)) } }
        dl.facts {
            @match previous {
                Some(previous) => {
                    dt { @if same { "last run, good" } @else { "last run" } }
                    dd { (earlier(previous)) }
                }
                None => { dt { "last run" } dd { "none is known" } }
            }
            @match last_good {
                Some(good) if !same => { dt { "last good run" } dd { (earlier(good)) } }
                Some(_) => {}
                None => { dt { "last good run" } dd { "none is known" } }
            }
        }
    }
}

fn earlier(run: &EarlierRunComparison) -> Markup {
    let changed = run.changed_facts.len();
    html! {
        code { (plain_line(&run.run.id, 80)) } " of " (day(run.run.started)) ": " (describe_earlier(run))
        @if changed > 0 { "; " a href="#environment" { (counted(changed, "environment fact")) " changed" } }
    }
}

/// The changed cases in groups, the most important first, and the changed environment.
pub(super) fn changes(page: &PageContext<'_>) -> Markup {
    let Some(comparison) = page.comparison else { return html! {} };
    html! {
        @if !comparison.review.changes.is_empty() {
            section id="news" {
                h2 { "What changed" }
                div.scroll { table.news {
                    thead { tr {
                        th scope="col" { "Case" } th scope="col" { "Change" } th scope="col" { "Since" } th scope="col" { "Details" }
                    } }
                    @for (kind, changes) in comparison.review.groups() { (group(page, kind, changes)) }
                } }
            }
        }
        (environment(comparison))
    }
}

fn group(page: &PageContext<'_>, kind: &ChangeKind, changes: &[CaseChange]) -> Markup {
    html! {
        tbody {
            tr { th.kind scope="rowgroup" colspan="4" {
                span class={ "dot " (css(kind.severity())) } {} (kind.heading()) " (" (changes.len()) ")"
            } }
            @for change in changes.iter().take(SHOWN) {
                tr {
                    td.name { (case(page, &change.key.to_string())) }
                    td { (change.kind.label()) @if change.waiver.is_some() { " " span.tag { "waived" } } }
                    @match change.kind.range() {
                        Some(range) => td { "since " code { (plain_line(&range.first_bad.id, 80)) } " of " (day(range.first_bad.started)) },
                        None => td.none { "-" },
                    }
                    td { (plain_line(&describe_change(change, str::to_owned), 400)) }
                }
            }
            @if changes.len() > SHOWN { tr { td.faint colspan="4" { (changes.len() - SHOWN) " more are left out." } } }
        }
    }
}

/// The CSS class of a severity.
fn css(severity: Severity) -> &'static str {
    match severity {
        Severity::Bad => "bad",
        Severity::Warning => "skipped",
        Severity::Inconclusive => "inconclusive",
        Severity::Good => "good",
        Severity::Neutral => "",
    }
}

/// The case's name, linked to its worst execution in this run if there is one.
fn case(page: &PageContext<'_>, case: &str) -> Markup {
    let here = page.entries.iter().filter(|entry| entry.case.claim.as_str() == case);
    let worst = here.min_by_key(|entry| entry.status.class());
    html! {
        @match worst {
            Some(entry) => a href={ "#" (entry.anchor()) } { (plain_line(case, 200)) },
            None => (plain_line(case, 200)),
        }
    }
}

fn environment(comparison: &HistoryComparison) -> Markup {
    let facts = comparison.changed_environment();
    let HistoryComparison { previous, last_good, .. } = comparison;
    html! {
        @if !facts.is_empty() {
            section id="environment" {
                h2 { "What changed in the environment" }
                div.scroll { table {
                    thead { tr {
                        th scope="col" { "Fact" }
                        @for (title, run) in [("Last good run", last_good), ("Last run", previous)] {
                            th scope="col" { (title) @if let Some(run) = run { " " code { (plain_line(&run.run.id, 80)) } } }
                        }
                        th scope="col" { "Now" }
                    } }
                    tbody {
                        @for row in facts.iter().take(SHOWN) {
                            tr {
                                th scope="row" { (plain_line(row.fact, 120)) }
                                @for value in [row.last_good, row.previous, row.current] {
                                    td { (plain_line(value.unwrap_or("unknown"), 200)) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
