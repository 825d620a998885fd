//! What the run says of the article's sentences.

use maud::{Markup, html};

use super::document::Page;
use super::groups::badge;
use crate::plan::{Article, Tree};
use crate::report::status::Status;
use crate::run::{Account, Standing, accounts};

/// The article, sentence by sentence, where this run was asked about any of them.
pub(super) fn article(page: &Page<'_>) -> Markup {
    let Some(catalogue) = &page.catalogue else { return html! {} };
    let Ok(article) = Article::read(&Tree::Embedded, catalogue) else { return html! {} };
    let accounts = accounts(&article, catalogue, Some(page.record));
    let asked: Vec<_> = accounts
        .iter()
        .filter(|account| !matches!(account.standing, None | Some(Standing::NotAsked)))
        .collect();
    html! {
        @if !asked.is_empty() {
            section id="article" {
                h2 { "The article, sentence by sentence" }
                details {
                    summary { (asked.len()) " of " (accounts.len()) " sentences were asked about" }
                    div.scroll { table {
                        thead { tr {
                            th scope="col" { "Sentence" } th scope="col" { "Bearing" } th scope="col" { "This run" }
                            th scope="col" { "Claims" }
                        } }
                        tbody { @for account in asked { (row(page, account)) } }
                    } }
                }
            }
        }
    }
}

fn row(page: &Page<'_>, account: &Account<'_>) -> Markup {
    html! {
        tr {
            td { strong { (account.sentence.id) } " " (account.sentence.sentence) }
            td { (account.sentence.bearing) }
            td { (account.standing.map_or("", Standing::words)) }
            td {
                @for answer in &account.answers {
                    @if let Some(case) = answer.case {
                        @let index = page.entries.iter().position(|entry| std::ptr::eq(entry.case, case)).unwrap_or_default();
                        div { (badge(Status::of_verdict(&case.verdict))) " " a href={ "#case-" (index) } { (answer.claim.id) } }
                    }
                }
            }
        }
    }
}
