//! The changes since earlier runs.

use jiff::Timestamp;
use maud::{Markup, html};

use super::badge::css;
use super::page::PageContext;
use crate::report::background::{Background, CaseNews, EarlierRun, NewsKind};
use crate::report::text::{counted, plain_line};

/// The number of changes shown per kind, and of environment facts.
const SHOWN: usize = 100;

/// A short comparison with the last run and the last good run. Empty if no history was given.
pub(super) fn against(page: &PageContext<'_>) -> Markup {
    let Some(background) = page.background else { return html! {} };
    let Background { last, good, .. } = background;
    let same = last.as_ref().zip(good.as_ref()).is_some_and(|(last, good)| last.run == good.run);
    html! {
        p {
            span class={ "tag " (if background.regressed { "bad" } else { "" }) } { (plain_line(&background.word, 40)) }
            " compared with " (counted(background.against, "run")) " of the series " (plain_line(&background.series, 80)) ": "
            @for (place, (name, count)) in background.counts().iter().enumerate() {
                @if place > 0 { ", " }
                a href="#news" { (count) " " (plain_line(name, 40)) }
            }
            @if background.news.is_empty() { "no changes." }
        }
        @if let Some(why) = &background.not_compared { p { (plain_line(why, 400)) } }
        dl.facts {
            @match last {
                Some(last) => {
                    dt { @if same { "last run, good" } @else { "last run" } }
                    dd { (earlier(last)) }
                }
                None => { dt { "last run" } dd { "none is known" } }
            }
            @match good {
                Some(good) if !same => { dt { "last good run" } dd { (earlier(good)) } }
                Some(_) => {}
                None => { dt { "last good run" } dd { "none is known" } }
            }
        }
    }
}

fn earlier(run: &EarlierRun) -> Markup {
    html! {
        code { (plain_line(&run.run, 80)) } " of " (day(run.started)) ": " (run.describe())
        @if !run.changed.is_empty() { "; " a href="#environment" { (counted(run.changed.len(), "environment fact")) " changed" } }
    }
}

/// The changed cases in groups, the most important first, and the changed environment.
pub(super) fn news(page: &PageContext<'_>) -> Markup {
    let Some(background) = page.background else { return html! {} };
    let groups = background.groups();
    html! {
        @if !groups.is_empty() {
            section id="news" {
                h2 { "What changed" }
                div.scroll { table.news {
                    thead { tr {
                        th scope="col" { "Case" } th scope="col" { "Change" } th scope="col" { "Since" } th scope="col" { "Details" }
                    } }
                    @for (kind, news) in &groups { (group(page, *kind, news)) }
                } }
            }
        }
        (environment(background))
    }
}

fn group(page: &PageContext<'_>, kind: NewsKind, news: &[&CaseNews]) -> Markup {
    html! {
        tbody {
            tr { th.kind scope="rowgroup" colspan="4" {
                span class={ "dot " (kind.class().map_or("", css)) } {} (kind.title()) " (" (news.len()) ")"
            } }
            @for news in news.iter().take(SHOWN) {
                tr {
                    td.name { (case(page, &news.case)) }
                    td { (plain_line(&news.name, 40)) @if news.waived.is_some() { " " span.tag { "waived" } } }
                    @match &news.since {
                        Some((run, started)) => td { "since " code { (plain_line(run, 80)) } " of " (day(*started)) },
                        None => td.none { "-" },
                    }
                    td { (plain_line(&news.describe(), 400)) }
                }
            }
            @if news.len() > SHOWN { tr { td.faint colspan="4" { (news.len() - SHOWN) " more are left out." } } }
        }
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

fn environment(background: &Background) -> Markup {
    let facts = background.environment();
    html! {
        @if !facts.is_empty() {
            section id="environment" {
                h2 { "What changed in the environment" }
                div.scroll { table {
                    thead { tr {
                        th scope="col" { "Fact" }
                        @for (title, run) in [("Last good run", &background.good), ("Last run", &background.last)] {
                            th scope="col" { (title) @if let Some(run) = run { " " code { (plain_line(&run.run, 80)) } } }
                        }
                        th scope="col" { "Now" }
                    } }
                    tbody {
                        @for [fact, good, last, now] in facts.iter().take(SHOWN) {
                            tr {
                                th scope="row" { (plain_line(fact.unwrap_or_default(), 120)) }
                                @for value in [good, last, now] {
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
