//! The findings and reasons of an execution, and the result of its mutant.

use maud::{Markup, html};

use super::budget::Budget;
use crate::judge::Finding;
use crate::record::{ClaimText, Proof};
use crate::report::entry::Entry;
use crate::report::status::{StatusClass, gist};
use crate::report::text::{plain, plain_line};

/// A reason in at most `longest` characters. Never empty.
pub(super) fn reason(text: &str, longest: usize) -> String {
    let text = plain_line(text, longest);
    if text.is_empty() { "no reason was given".to_owned() } else { text }
}

/// The mutant, the reason, the findings and the faults of an execution, within the budget.
pub(super) fn findings(entry: &Entry<'_>, claim: Option<&ClaimText>, budget: &Budget) -> Markup {
    let limit = budget.text();
    html! {
        (mutant(entry))
        @if matches!(entry.status.class(), StatusClass::Inconclusive | StatusClass::Skipped) {
            p { strong { "Why: " } (reason(&gist(entry.case, &entry.proof), limit)) }
        }
        @let findings = entry.case.verdict.findings();
        @for finding in findings.iter().take(budget.findings()) {
            (render(finding, claim, limit))
        }
        @if findings.len() > budget.findings() {
            p.faint { (findings.len() - budget.findings()) " more findings are in record.json." }
        }
        @for fault in entry.case.faults.iter().take(5) {
            p { span.tag.warn { "fault" } " " (plain_line(fault, limit.min(400))) }
        }
    }
}

fn render(finding: &Finding, claim: Option<&ClaimText>, limit: usize) -> Markup {
    let Finding { assertion, expected, seen, pointer } = finding;
    html! {
        div.finding {
            h4 { (plain_line(assertion, 200)) }
            @if let Some(sentence) = claim.and_then(|claim| claim.then.get(assertion)) {
                p { (plain_line(sentence, 1000)) }
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
            dt { "proof" } dd { (proof_text(&entry.proof)) }
        }
    }
}

fn proof_text(proof: &Proof) -> String {
    match proof {
        Proof::Passed => "the case passes without a mutant".to_owned(),
        Proof::Failed => "the case fails without a mutant".to_owned(),
        Proof::Killed => "killed by the assertion that must fail: the case can fail".to_owned(),
        Proof::Survived => "survived: the case passed although it must fail".to_owned(),
        Proof::WrongAssertion { by } => {
            format!("killed by the wrong assertion: {}", plain_line(&by.join(", "), 300))
        }
        Proof::Skipped { why } => format!("skipped: {}", reason(why, 300)),
        Proof::Inconclusive { why } => format!("inconclusive: {}", reason(why, 300)),
    }
}
