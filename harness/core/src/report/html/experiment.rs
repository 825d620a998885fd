//! The HTML page of an experiment: how often each strategy works, and the delay between the starts of the programs.

use std::path::Path;

use maud::{Markup, html};

use super::plot::{gap_legend, gaps, shares};
use super::shell::shell;
use crate::disk::write_whole;
use crate::report::error::ReportError;
use crate::report::text::plain_line;
use crate::statistics::Distribution;
use crate::trials::{ExperimentRecord, Measured, TrialGroup};

/// The number of skipped groups, inconclusive trials and faults shown.
const SHOWN: usize = 100;

/// Renders an experiment as one HTML page. The same record gives the same bytes.
#[must_use]
pub fn experiment_page(record: &ExperimentRecord) -> String {
    let measured: Vec<_> = record.groups.iter().filter(|group| group.skipped.is_none()).collect();
    let run = plain_line(record.run.as_str(), 80);
    let name = plain_line(&record.experiment, 80);
    let body = html! {
        (head(record, &name))
        main {
            section id="shares" {
                h2 { "How often the exchange completed" }
                (shares(&measured))
                (share_table(&measured))
            }
            section id="gaps" {
                h2 { "Delay from the producer's start to the consumer's start" }
                (gaps(&measured))
                (gap_legend())
                (gap_table(&measured))
                p.faint { "Each program reads the node's boot-time clock as its first action. Either order of starts is valid." }
            }
            (notes(record))
        }
        footer { "podproof " (plain_line(&record.podproof, 80)) ", run " (run) ". trials.csv lists every trial; experiment.json has all data." }
    };
    shell(&format!("experiment {name} - podproof {run}"), &body, None).into_string()
}

/// Writes `report.html` into the experiment's folder, atomically.
pub fn write_experiment_page(folder: &Path, record: &ExperimentRecord) -> Result<(), ReportError> {
    let file = folder.join("report.html");
    write_whole(&file, experiment_page(record).as_bytes())
        .map_err(|source| ReportError::File { file, source })
}

fn head(record: &ExperimentRecord, name: &str) -> Markup {
    let cluster = &record.cluster;
    let seconds = record.ended.duration_since(record.started).as_secs_f64();
    let trials: usize = record.groups.iter().map(|group| group.trials.len()).sum();
    html! {
        header {
            h1 { "Experiment " (name) " on " (plain_line(&cluster.version, 80)) }
            p.faint { "Measurements are neither a pass nor a fail." }
            @if let Some(by) = &record.interrupted {
                p { span.tag.warn { "interrupted" } " by " (plain_line(by, 200)) "; some trials are missing." }
            }
            dl.facts {
                dt { "run" } dd { code { (plain_line(record.run.as_str(), 80)) } ", podproof " (plain_line(&record.podproof, 80)) }
                dt { "when" } dd { (format!("{:.0}", record.started)) ", for " (format!("{seconds:.1}")) " s, " (record.parallel) " in parallel" }
                dt { "trials" } dd { (trials) "; " (record.trials) " were requested for each strategy and order" }
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

fn share_table(groups: &[&TrialGroup]) -> Markup {
    html! {
        div.scroll { table {
            caption { "The numbers of the chart" }
            thead { tr {
                th scope="col" { "Strategy" } th scope="col" { "Order" } th.number scope="col" { "Trials" }
                th.number scope="col" { "Completed" } th.number scope="col" { "95 % interval" }
                th.number scope="col" { "Lost" } th.number scope="col" { "Hung" } th.number scope="col" { "Inconclusive" }
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

/// Reads one value of a distribution.
type Value = fn(&Distribution) -> f64;

fn gap_table(groups: &[&TrialGroup]) -> Markup {
    let values: [(&str, Value); 5] = [
        ("Min", |gap| gap.min),
        ("P50", |gap| gap.p50),
        ("P90", |gap| gap.p90),
        ("P99", |gap| gap.p99),
        ("Max", |gap| gap.max),
    ];
    html! {
        div.scroll { table {
            caption { "Delay in milliseconds; negative: the consumer started first" }
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

/// The skipped groups, the inconclusive trials and the faults.
fn notes(record: &ExperimentRecord) -> Markup {
    let mut notes = Vec::new();
    for group in &record.groups {
        let name = format!("{} {}", group.strategy, group.order.word());
        notes.extend(group.skipped.as_ref().map(|why| ("skipped", format!("{name}: {why}"))));
        let inconclusive = group.trials.iter().filter(|trial| trial.outcome.word() == "inconclusive");
        notes.extend(
            inconclusive.map(|trial| {
                ("inconclusive", format!("{name} {}: {}", trial.number, trial.outcome.detail()))
            }),
        );
    }
    notes.extend(record.faults.iter().map(|fault| ("fault", fault.clone())));
    html! {
        @if !notes.is_empty() {
            section id="notes" {
                h2 { "Skipped, inconclusive and faults" }
                @for (kind, text) in notes.iter().take(SHOWN) {
                    p { span.tag.warn { (kind) } " " (plain_line(text, 400)) }
                }
                @if notes.len() > SHOWN { p.faint { (notes.len() - SHOWN) " more are in experiment.json." } }
            }
        }
    }
}
