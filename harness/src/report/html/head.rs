//! The verdict, what was checked, and how to do it again.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::document::Page;
use super::groups::css;
use super::news;
use crate::plan::Purpose;
use crate::report::entry::group_name;
use crate::report::status::Class;
use crate::report::text::plain_line;
use crate::run::{Outcome, RunRecord};

/// How many claims a command names before it becomes too long to be used.
const NAMED: usize = 40;

/// How many nodes, faults and the like are shown.
const SHOWN: usize = 20;

/// How the run went.
pub(super) fn outcome(record: &RunRecord) -> Outcome {
    Outcome::of(record)
}

/// The top of the page.
pub(super) fn head(page: &Page<'_>) -> Markup {
    let record = page.record;
    let outcome = outcome(record);
    html! {
        header {
            h1 { span class={ "outcome " (css(outcome_class(outcome))) } { (outcome.word()) } " on " (plain_line(&record.cluster.version, 80)) }
            p.faint { (meaning(record.purpose, outcome)) }
            @if let Some(by) = &record.interrupted {
                p { span.tag.warn { "interrupted" } " by " (plain_line(by, 200)) "; what had not ended is skipped." }
            }
            (news::against(page))
            (counts(page))
            (facts(record))
            (again(page))
            (faults(record))
        }
    }
}

fn outcome_class(outcome: Outcome) -> Class {
    match outcome {
        Outcome::Conformant => Class::Good,
        Outcome::Partial => Class::Skipped,
        Outcome::Inconclusive => Class::Untold,
        Outcome::Nonconformant => Class::Bad,
    }
}

fn meaning(purpose: Purpose, outcome: Outcome) -> &'static str {
    match (purpose, outcome) {
        (Purpose::Check, Outcome::Conformant) => "Every selected core claim held.",
        (Purpose::Prove, Outcome::Conformant) => "Every mutant was killed as it must be.",
        (_, Outcome::Partial) => "Nothing was contradicted, but a core claim was skipped.",
        (_, Outcome::Inconclusive) => "Something could not be told. That is neither a pass nor a fail.",
        (Purpose::Check, Outcome::Nonconformant) => "The cluster contradicted a claim.",
        (Purpose::Prove, Outcome::Nonconformant) => "A case failed as it is, or cannot fail as it must.",
    }
}

fn counts(page: &Page<'_>) -> Markup {
    html! {
        nav aria-label="Groups" {
            ul.counts {
                @for class in [Class::Bad, Class::Untold, Class::Skipped, Class::Good] {
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
            dt { "when" } dd { (format!("{:.0}", record.started)) ", for " (format!("{seconds:.1}")) " s, " (record.parallel) " at once" }
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

/// The commands that do it again; the record does not say which cluster it was.
fn again(page: &Page<'_>) -> Markup {
    let folder = quoted(&page.reader.folder.display().to_string());
    let wrong = |class: Class| class == Class::Bad || class == Class::Untold;
    html! {
        details {
            summary { "How to repeat it" }
            @if let Some(command) = command(page, wrong) {
                p { "What failed or could not be told:" }
                pre { (command) }
            }
            @if let Some(command) = command(page, |_| true) {
                p { "All of it:" }
                pre { (command) }
            }
            p { "The verdicts and these reports again, without a cluster:" }
            pre { "podproof judge " (folder) "\npodproof report " (folder) }
        }
    }
}

fn command(page: &Page<'_>, fits: impl Fn(Class) -> bool) -> Option<String> {
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

/// A path as a shell takes it for one word.
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
