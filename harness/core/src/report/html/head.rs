//! The top of the page: the outcome, the cluster, and commands to repeat the run.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::badge::css;
use super::changes::compared;
use super::page::PageContext;
use crate::plan::Purpose;
use crate::record::{RunOutcome, RunRecord};
use crate::report::entry::group_name;
use crate::report::status::StatusClass;
use crate::report::text::plain_line;

/// The number of claims up to which a command is shown. A longer command would not be practical.
const NAMED: usize = 40;

/// The number of nodes and of faults shown.
const SHOWN: usize = 20;

/// The outcome of the run.
pub(super) fn outcome(record: &RunRecord) -> RunOutcome {
    RunOutcome::of(record)
}

/// The top of the page.
pub(super) fn head(page: &PageContext<'_>) -> Markup {
    let record = page.record;
    let outcome = outcome(record);
    html! {
        header {
            h1 { span class={ "outcome " (css(outcome_class(outcome))) } { (outcome.word()) } " on " (plain_line(&record.cluster.version, 80)) }
            p.faint { (meaning(record.purpose, outcome)) }
            @if let Some(by) = &record.interrupted {
                p { span.tag.warn { "interrupted" } " by " (plain_line(by, 200)) "; cases that had not ended are skipped." }
            }
            @if record.lacks_texts() {
                p {
                    "podproof " (plain_line(&record.podproof, 80)) " did not record the texts of the claims and of "
                    "the article for this run, so this page shows only the titles of the claims."
                }
            }
            (compared(page))
            (counts(page))
            (facts(record))
            (repeat_commands(page))
            (faults(record))
        }
    }
}

fn outcome_class(outcome: RunOutcome) -> StatusClass {
    match outcome {
        RunOutcome::Conformant => StatusClass::Good,
        RunOutcome::Partial => StatusClass::Skipped,
        RunOutcome::Inconclusive => StatusClass::Inconclusive,
        RunOutcome::Nonconformant => StatusClass::Bad,
    }
}

fn meaning(purpose: Purpose, outcome: RunOutcome) -> &'static str {
    match (purpose, outcome) {
        (Purpose::Check, RunOutcome::Conformant) => "Every selected core claim held.",
        (Purpose::Prove, RunOutcome::Conformant) => {
            "Every mutant was killed by the assertion that must fail."
        }
        (_, RunOutcome::Partial) => "No claim was contradicted, but a core claim was skipped.",
        (_, RunOutcome::Inconclusive) => "Something is inconclusive, which is neither a pass nor a fail.",
        (Purpose::Check, RunOutcome::Nonconformant) => "The cluster contradicted a claim.",
        (Purpose::Prove, RunOutcome::Nonconformant) => {
            "A case failed without a mutant, or a mutant was not killed by the assertion that must fail."
        }
    }
}

fn counts(page: &PageContext<'_>) -> Markup {
    html! {
        nav aria-label="Groups" {
            ul.counts {
                @for class in [StatusClass::Bad, StatusClass::Inconclusive, StatusClass::Skipped, StatusClass::Good] {
                    @let count = page.entries.iter().filter(|entry| entry.status.class() == class).count();
                    @if count > 0 {
                        li { a class=(css(class)) href={ "#" (css(class)) } { strong { (count) } (group_name(page.record.purpose, class)) } }
                    }
                }
                @let unproved = page.entries.iter().filter(|entry| entry.case.unproved.is_some()).count();
                @if unproved > 0 {
                    li { a href="#unproved" { strong { (unproved) } "unproved" } }
                }
                li { a href="#all" { strong { (page.entries.len()) } "all" } }
            }
        }
    }
}

fn facts(record: &RunRecord) -> Markup {
    let cluster = &record.cluster;
    let seconds = record.ended.duration_since(record.started).as_secs_f64();
    html! {
        dl.facts {
            dt { "run" } dd { code { (plain_line(record.run.as_str(), 80)) } ", podproof " (plain_line(&record.podproof, 80)) }
            dt { "when" } dd { (format!("{:.0}", record.started)) ", for " (format!("{seconds:.1}")) " s, " (record.parallel) " in parallel" }
            dt { "cluster" } dd {
                "Kubernetes " (plain_line(&cluster.version, 80))
                @if cluster.cluster_dns { ", with DNS" } @else { ", without DNS" }
                @if cluster.node_containers { ", nodes are containers" }
            }
            @for node in cluster.nodes.iter().take(SHOWN) {
                dt { "node" } dd {
                    code { (plain_line(&node.name, 120)) } ": kubelet " (plain_line(&node.kubelet, 60))
                    ", " (plain_line(&node.runtime, 60)) ", " (plain_line(&node.os, 80)) ", kernel "
                    (plain_line(&node.kernel, 60)) ", " (plain_line(&node.architecture, 20))
                    @if !node.schedulable { ", not schedulable" }
                }
            }
            @if cluster.nodes.len() > SHOWN {
                dt { "node" } dd { (cluster.nodes.len() - SHOWN) " more" }
            }
        }
    }
}

/// Commands that repeat the run. `CONTEXT` is a placeholder: the record does not have the kubeconfig context.
fn repeat_commands(page: &PageContext<'_>) -> Markup {
    let folder = quoted(&page.reader.folder.display().to_string());
    let needs_attention =
        |class: StatusClass| class == StatusClass::Bad || class == StatusClass::Inconclusive;
    html! {
        details {
            summary { "How to repeat this run" }
            @if let Some(command) = command(page, needs_attention) {
                p { "Only the failed and inconclusive cases:" }
                pre { (command) }
            }
            @if let Some(command) = command(page, |_| true) {
                p { "All cases:" }
                pre { (command) }
            }
            p { "Judge the evidence and write these reports again, without a cluster:" }
            pre { "podproof judge " (folder) "\npodproof report " (folder) }
        }
    }
}

fn command(page: &PageContext<'_>, fits: impl Fn(StatusClass) -> bool) -> Option<String> {
    let claims: BTreeSet<_> = page
        .entries
        .iter()
        .filter(|entry| fits(entry.status.class()))
        .map(|entry| entry.case.claim.as_str())
        .collect();
    if claims.is_empty() || claims.len() > NAMED {
        return None;
    }
    let verb = match page.record.purpose {
        Purpose::Check => "run",
        Purpose::Prove => "prove",
    };
    let rounds = page.entries.iter().map(|entry| entry.case.round).max().unwrap_or(1);
    let repeat = if rounds > 1 { format!(" --repeat {rounds}") } else { String::new() };
    let select = claims.into_iter().collect::<Vec<_>>().join(" or ");
    Some(format!(
        "podproof {verb} --context CONTEXT --parallel {}{repeat} --select '{select}'",
        page.record.parallel
    ))
}

/// Quotes a path for a shell, if necessary.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let path = plain_line(path, 1000);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn faults(record: &RunRecord) -> Markup {
    html! {
        @for fault in record.faults.iter().take(SHOWN) {
            p { span.tag.warn { "fault" } " " (plain_line(fault, 400)) }
        }
        @if record.faults.len() > SHOWN {
            p.faint { (record.faults.len() - SHOWN) " more faults are in record.json." }
        }
    }
}
