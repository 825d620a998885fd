//! The card of one execution: its claim, findings and evidence.

use std::collections::BTreeSet;
use std::path::Path;

use maud::{Markup, html};

use super::badge::{badge, css};
use super::budget::{Budget, left_out};
use super::evidence::evidence;
use super::findings::{findings, reason};
use super::link::encoded;
use super::page::PageContext;
use crate::plan::ClaimId;
use crate::record::ClaimText;
use crate::report::entry::{Entry, rests_on_evidence};
use crate::report::status::{CaseStatus, StatusClass, gist};
use crate::report::text::plain_line;

/// The longest text of a claim, in characters.
const LONGEST_STEP: usize = 1000;

/// The card of an execution. The steps of a claim are shown on its first card only; `shown` holds the claims shown so
/// far.
pub(super) fn card<'a>(
    page: &PageContext<'a>,
    entry: &Entry<'a>,
    open: bool,
    (budget, shown): (&mut Budget, &mut BTreeSet<&'a ClaimId>),
) -> Markup {
    let case = entry.case;
    let class = entry.status.class();
    let text = page.record.claims.get(&case.claim);
    let first = shown.insert(&case.claim);
    html! {
        details id=(entry.anchor()) class={ "card edge-" (css(class)) } open=[open.then_some("")] {
            summary {
                (badge(entry.status)) " "
                h3 { (entry.name()) } " "
                (tags(entry))
                span.title { (plain_line(&case.title, 300)) }
                @if matches!(class, StatusClass::Inconclusive | StatusClass::Skipped) {
                    span.title.faint { (reason(&gist(case, &entry.proof), budget.text().min(160))) }
                }
            }
            div.inside {
                (findings(entry, text, budget))
                @if budget.has_room() {
                    @if let Some(text) = text.filter(|_| first) {
                        (budget.take(steps(text)))
                    }
                    (budget.take(evidence(page, entry)))
                } @else {
                    (left_out())
                }
                (attempts(entry, page.reader.folder))
                (files(entry, page.reader.folder))
            }
        }
    }
}

fn tags(entry: &Entry<'_>) -> Markup {
    let case = entry.case;
    html! {
        span.tag { (case.level) } " "
        span.tag { (case.tier) } " "
        @if let Some(since) = case.since {
            span.tag { "since " (since) } " "
        }
        @if case.unproved.is_some() {
            span.tag.warn { "unproved" } " "
        }
        @if case.attempts_made() > 1 {
            span.tag.warn { (case.attempts_made()) " attempts" } " "
        }
        span.tag { (format!("{:.1} s", case.seconds)) }
    }
}

/// The claim's given, when and then, and its sources, as they were when the run started.
fn steps(claim: &ClaimText) -> Markup {
    let line = |text: &str| plain_line(text, LONGEST_STEP);
    html! {
        dl.steps {
            dt { "given" } dd { (line(&claim.given)) }
            dt { "when" } dd { (line(&claim.when)) }
            @for (assertion, sentence) in &claim.then {
                dt { "then" } dd { (line(sentence)) " " code.faint { (line(assertion)) } }
            }
            @for source in &claim.sources {
                dt { "source" } dd { (line(source)) }
            }
            @if let Some(observed) = &claim.observed {
                dt { "observed" } dd { (line(observed)) }
            }
        }
    }
}

/// The verdict of each attempt with a link to its evidence. Empty if the case ran once.
fn attempts(entry: &Entry<'_>, folder: &Path) -> Markup {
    html! {
        @if !entry.case.attempts.is_empty() {
            p { "Attempts (the first failure counts; without a failure, a pass counts):" }
            ul.attempts {
                @for attempt in &entry.case.attempts {
                    li {
                        (badge(CaseStatus::of_verdict(&attempt.verdict))) " "
                        (format!("{:.1} s", attempt.seconds))
                        @if rests_on_evidence(folder, &attempt.slug, &attempt.verdict) {
                            ", " a href={ "cases/" (encoded(&attempt.slug)) "/evidence.json" } { "its evidence" }
                        }
                        @if attempt.slug == entry.case.slug { ", shown above" }
                    }
                }
            }
        }
    }
}

fn files(entry: &Entry<'_>, folder: &Path) -> Markup {
    let slug = &entry.case.slug;
    html! {
        p.faint {
            @if rests_on_evidence(folder, slug, &entry.case.verdict) {
                "Complete evidence: " a href={ "cases/" (encoded(slug)) "/evidence.json" } {
                    "cases/" (plain_line(slug, 200)) "/evidence.json"
                }
                ". "
            }
            "Started " (format!("{:.3}", entry.case.started)) "."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn special_characters_are_percent_encoded() {
        assert_eq!(encoded("ipc/a~b\" onclick=x?#:ü"), "ipc/a~b%22%20onclick%3Dx%3F%23%3A%C3%BC");
    }
}
