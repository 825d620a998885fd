//! What an execution has to say: findings, reasons, what became of a mutant.

use maud::{Markup, html};

use super::budget::Budget;
use crate::judge::Finding;
use crate::plan::Claim;
use crate::report::entry::Entry;
use crate::report::status::{Class, gist};
use crate::report::text::{plain, plain_line};
use crate::run::Proof;

/// A reason in at most `longest` characters; never nothing.
pub(super) fn reason(text: &str, longest: usize) -> String {
    let text = plain_line(text, longest);
    if text.is_empty() { "no reason was given".to_owned() } else { text }
}

/// What the execution has to say, as far as there is room.
pub(super) fn said(entry: &Entry<'_>, claim: Option<&Claim>, budget: &Budget) -> Markup {
    let limit = budget.text();
    html! {
        (mutant(entry))
        @if matches!(entry.status.class(), Class::Untold | Class::Skipped) {
            p { strong { "Why: " } (reason(&gist(entry.case, &entry.proof), limit)) }
        }
        @let findings = entry.case.verdict.findings();
        @for finding in findings.iter().take(budget.findings()) {
            (one(finding, claim, limit))
        }
        @if findings.len() > budget.findings() {
            p.faint { (findings.len() - budget.findings()) " more findings are in record.json." }
        }
        @for fault in entry.case.faults.iter().take(5) {
            p { span.tag.warn { "fault" } " " (plain_line(fault, limit.min(400))) }
        }
    }
}

fn one(finding: &Finding, claim: Option<&Claim>, limit: usize) -> Markup {
    let Finding { assertion, expected, seen, pointer } = finding;
    html! {
        div.finding {
            h4 { (plain_line(assertion, 200)) }
            @if let Some(sentence) = claim.and_then(|claim| claim.then.get(assertion)) {
                p { (sentence) }
            }
            div.pair {
                div { span { "expected" } pre { (plain(expected, limit)) } }
                div { span { "seen" } pre { (plain(seen, limit)) } }
            }
            p.faint { "where in the evidence: " code { (plain_line(pointer, 300)) } }
        }
    }
}

fn mutant(entry: &Entry<'_>) -> Markup {
    let Some(mutant) = &entry.case.mutant else { return html! {} };
    html! {
        dl.steps {
            dt { "mutant" } dd { code { (plain_line(&mutant.name, 120)) } ": " (plain_line(&mutant.breaks, 400)) }
            dt { "must fail" } dd { code { (plain_line(&mutant.must_fail, 120)) } }
            @if !mutant.may_fail.is_empty() {
                dt { "may fail" } dd { code { (plain_line(&mutant.may_fail.join(", "), 300)) } }
            }
            dt { "proof" } dd { (proved(&entry.proof)) }
        }
    }
}

fn proved(proof: &Proof) -> String {
    match proof {
        Proof::Green => "the case passes as it is".to_owned(),
        Proof::Red => "the case fails as it is".to_owned(),
        Proof::Killed => "killed as it must be: the case can fail".to_owned(),
        Proof::Survived => "survived: the case passed although it must fail".to_owned(),
        Proof::KilledOtherwise { by } => {
            format!("killed otherwise, by {}", plain_line(&by.join(", "), 300))
        }
        Proof::Skipped { why } => format!("skipped: {}", reason(why, 300)),
        Proof::Untold { why } => format!("nothing was proved: {}", reason(why, 300)),
    }
}
