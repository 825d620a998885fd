//! An experiment as one page: how often each remedy works, and how far apart the programs began.

use std::path::Path;

use maud::{Markup, html};

use super::plot::{gap_legend, gaps, shares};
use super::shell::shell;
use crate::disk::write_whole;
use crate::experiment::{Distribution, ExperimentRecord, Group, Measured};
use crate::report::fault::ReportError;
use crate::report::text::plain_line;

/// How many skipped groups, trials that could not be told, and faults are shown.
const SHOWN: usize = 100;

/// The experiment as one HTML page. The same record gives the same bytes.
#[must_use]
pub fn experiment_page(record: &ExperimentRecord) -> String {
    let made: Vec<_> = record.groups.iter().filter(|group| group.skipped.is_none()).collect();
    let run = plain_line(record.run.as_str(), 80);
    let what = plain_line(&record.experiment, 80);
    let body = html! {
        (head(record, &what))
        main {
            section id="shares" {
                h2 { "How often the exchange completed" }
                (shares(&made))
                (share_table(&made))
            }
            section id="gaps" {
                h2 { "How long after the producer the consumer began" }
                (gaps(&made))
                (gap_legend())
                (gap_table(&made))
                p.faint { "By the node's clock since its boot, as each program read it first. No order of starts is right or wrong here." }
            }
            (notes(record))
        }
        footer { "podproof " (plain_line(&record.podproof, 80)) ", run " (run) ". Every trial is in trials.csv, all of it in experiment.json." }
    };
    shell(&format!("experiment {what} - podproof {run}"), &body, None).into_string()
}

/// Writes `report.html` into the experiment's folder: whole, or not at all.
pub fn write_experiment_page(folder: &Path, record: &ExperimentRecord) -> Result<(), ReportError> {
    let file = folder.join("report.html");
    write_whole(&file, experiment_page(record).as_bytes())
        .map_err(|source| ReportError::File { file, source })
}

fn head(record: &ExperimentRecord, what: &str) -> Markup {
    let cluster = &record.cluster;
    let seconds = record.ended.duration_since(record.started).as_secs_f64();
    let trials: usize = record.groups.iter().map(|group| group.trials.len()).sum();
    html! {
        header {
            h1 { "Experiment " (what) " on " (plain_line(&cluster.version, 80)) }
            p.faint { "What is measured is neither a pass nor a fail." }
            @if let Some(by) = &record.interrupted {
                p { span.tag.warn { "interrupted" } " by " (plain_line(by, 200)) "; there are fewer trials." }
            }
            dl.facts {
                dt { "run" } dd { code { (plain_line(record.run.as_str(), 80)) } ", podproof " (plain_line(&record.podproof, 80)) }
                dt { "when" } dd { (format!("{:.0}", record.started)) ", for " (format!("{seconds:.1}")) " s, " (record.parallel) " at once" }
                dt { "trials" } dd { (trials) ", of each strategy in each order " (record.trials) " were asked for" }
                @for node in cluster.nodes.iter().take(20) {
                    dt { "node" } dd {
                        code { (plain_line(&node.name, 120)) } ": kubelet " (plain_line(&node.kubelet, 60)) ", "
                        (plain_line(&node.runtime, 60)) ", " (plain_line(&node.os, 80)) ", kernel " (plain_line(&node.kernel, 60))
                    }
                }
            }
        }
    }
}

fn share_table(groups: &[&Group]) -> Markup {
    html! {
        div.scroll { table {
            caption { "The same in numbers" }
            thead { tr {
                th scope="col" { "Strategy" } th scope="col" { "Order" } th.number scope="col" { "Trials" }
                th.number scope="col" { "Completed" } th.number scope="col" { "95 % interval" }
                th.number scope="col" { "Lost" } th.number scope="col" { "Hung" } th.number scope="col" { "Untold" }
            } }
            tbody { @for group in groups {
                @let Measured { completed, lost, hung, inconclusive, .. } = &group.measured;
                tr {
                    th scope="row" { (plain_line(&group.strategy, 60)) }
                    td { (group.order.word()) }
                    td.number { (group.trials.len()) }
                    @match completed {
                        Some(share) => {
                            td.number { (format!("{:.1} %", share.share * 100.0)) }
                            td.number { (format!("{:.1} to {:.1} %", share.low * 100.0, share.high * 100.0)) }
                        }
                        None => { td.number { "-" } td.number { "-" } }
                    }
                    td.number { (lost) } td.number { (hung) } td.number { (inconclusive) }
                }
            } }
        } }
    }
}

/// A value of a distribution.
type Value = fn(&Distribution) -> f64;

fn gap_table(groups: &[&Group]) -> Markup {
    let values: [(&str, Value); 5] = [
        ("Min", |gap| gap.min),
        ("P50", |gap| gap.p50),
        ("P90", |gap| gap.p90),
        ("P99", |gap| gap.p99),
        ("Max", |gap| gap.max),
    ];
    html! {
        div.scroll { table {
            caption { "The same in milliseconds; negative: the consumer's program began first" }
            thead { tr {
                th scope="col" { "Strategy" } th scope="col" { "Order" } th.number scope="col" { "Starts" }
                @for (name, _) in values { th.number scope="col" { (name) } }
            } }
            tbody { @for group in groups {
                @let gap = group.measured.gap_by_clock_ms;
                tr {
                    th scope="row" { (plain_line(&group.strategy, 60)) }
                    td { (group.order.word()) }
                    td.number { (gap.map_or(0, |gap| gap.count)) }
                    @for (_, value) in values {
                        td.number { @if let Some(gap) = &gap { (format!("{:.1}", value(gap))) } @else { "-" } }
                    }
                }
            } }
        } }
    }
}

/// What was skipped, what could not be told, and the faults.
fn notes(record: &ExperimentRecord) -> Markup {
    let mut notes = Vec::new();
    for group in &record.groups {
        let name = format!("{} {}", group.strategy, group.order.word());
        notes.extend(group.skipped.as_ref().map(|why| ("skipped", format!("{name}: {why}"))));
        let untold = group.trials.iter().filter(|trial| trial.outcome.word() == "inconclusive");
        notes.extend(
            untold.map(|trial| ("untold", format!("{name} {}: {}", trial.number, trial.outcome.detail()))),
        );
    }
    notes.extend(record.faults.iter().map(|fault| ("fault", fault.clone())));
    html! {
        @if !notes.is_empty() {
            section id="notes" {
                h2 { "What is not there" }
                @for (kind, words) in notes.iter().take(SHOWN) {
                    p { span.tag.warn { (kind) } " " (plain_line(words, 400)) }
                }
                @if notes.len() > SHOWN { p.faint { (notes.len() - SHOWN) " more are in experiment.json." } }
            }
        }
    }
}
