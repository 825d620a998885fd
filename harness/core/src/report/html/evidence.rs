//! The evidence of one execution: timeline, waits, events, probe reports and logs.

use maud::{Markup, html};

use super::flow::flows;
use super::gantt::gantt;
use super::label::{instance, offset};
use super::link::encoded;
use super::page::PageContext;
use crate::evidence::log_file;
use crate::report::entry::Entry;
use crate::report::evidence_view::{EventView, EvidenceView, Log, Tail};
use crate::report::status::StatusClass;
use crate::report::text::{plain, plain_line};

/// The number of bytes shown from the end of a log.
const LOG_END: usize = 4 << 10;

/// The evidence of an execution. Executions that passed or were skipped show less of it.
pub(super) fn evidence(page: &PageContext<'_>, entry: &Entry<'_>) -> Markup {
    let view = match page.reader.view(&entry.case.slug) {
        Ok(view) => view,
        Err(why) => return html! { p.faint { "No evidence: " (plain_line(&why, 300)) "." } },
    };
    let everything = matches!(entry.status.class(), StatusClass::Bad | StatusClass::Inconclusive);
    html! {
        @if let Some(why) = &view.blocked {
            p { strong { "The case could not continue: " } (plain_line(why, 1000)) }
        }
        (gantt(&view, entry.index))
        (flows(&view))
        @if everything {
            (waits(&view))
        }
        (events(&view, everything))
        (reports(&view))
        (logs(&view, entry, everything))
        p.faint { "Namespace: " code { (plain_line(&view.namespace, 80)) } }
    }
}

fn waits(view: &EvidenceView) -> Markup {
    html! {
        @if !view.waits.is_empty() {
            details {
                summary { "Waits (" (view.waits.iter().len()) (more(&view.waits)) ")" }
                div.scroll { table {
                    thead { tr { th scope="col" { "Condition" } th.number scope="col" { "Start" } th.number scope="col" { "Seconds" } th scope="col" { "Result" } } }
                    tbody {
                        @for wait in view.waits.iter() {
                            tr {
                                td { (plain_line(&wait.what, 200)) }
                                td.number { (format!("{:+.1}", offset(view, wait.started))) }
                                td.number { (format!("{:.1}", wait.ended.duration_since(wait.started).as_secs_f64())) }
                                td { (plain_line(&wait.end.to_string(), 400)) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// The events, or only the warnings unless `everything`.
fn events(view: &EvidenceView, everything: bool) -> Markup {
    let mut events: Vec<&EventView> =
        view.events.iter().filter(|event| everything || event.is_warning).collect();
    events.sort_by_key(|event| event.at);
    let title = if everything { "Events" } else { "Warnings" };
    html! {
        @if !events.is_empty() {
            details {
                summary { (title) " (" (events.len()) (more(&view.events)) ")" }
                div.scroll { table {
                    thead { tr { th.number scope="col" { "Seconds" } th scope="col" { "Reason" } th scope="col" { "Object" } th scope="col" { "Message" } } }
                    tbody {
                        @for event in events {
                            tr {
                                td.number { (format!("{:+.1}", offset(view, event.at))) }
                                td { @if event.is_warning { span.tag.warn { "warning" } " " } (plain_line(&event.reason, 80)) }
                                td.mono { (plain_line(&event.object, 120)) }
                                td { (plain_line(&event.message, 300)) @if event.count > 1 { " (" (event.count) " times)" } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// The probe's reports. Times are by the clock of the node.
fn reports(view: &EvidenceView) -> Markup {
    let count: usize = view.logs.iter().map(|log| log.lines.reports.iter().len()).sum();
    let left_out: usize = view.logs.iter().map(|log| log.lines.reports.left_out()).sum();
    html! {
        @if count > 0 {
            details {
                summary {
                    "Probe reports (" (count) @if left_out > 0 { " of " (count + left_out) ", the newest of each log" } ")"
                }
                div.scroll { table {
                    thead { tr { th.number scope="col" { "Seconds" } th scope="col" { "Container" } th scope="col" { "Report" } } }
                    tbody {
                        @for log in view.logs.iter() {
                            @for report in log.lines.reports.iter() {
                                tr {
                                    td.number { @if let Some(at) = report.at { (format!("{:+.3}", offset(view, at))) } @else { "?" } }
                                    td.mono { (instance(log)) }
                                    td.mono { (plain_line(&report.verb, 80)) @if !report.ok { " " span.tag.warn { "not ok" } } }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// A link to each log, and the end of each log if `everything`.
fn logs(view: &EvidenceView, entry: &Entry<'_>, everything: bool) -> Markup {
    html! {
        @if !view.logs.is_empty() {
            details {
                summary { "Logs (" (view.logs.iter().len()) (more(&view.logs)) ")" }
                @for log in view.logs.iter() {
                    @let file = format!("{}/logs/{}", entry.case.slug, log_file(&log.pod, &log.uid, &log.container, log.restart));
                    p {
                        a href={ "cases/" (encoded(&file)) } { code { (instance(log)) } }
                        span.faint {
                            " " (log.lines.count()) " lines"
                            @if let Some(why) = log.incomplete_because() { ", incomplete: " (plain_line(why, 200)) }
                            @if everything && log.lines.tail.left_out() > 0 { ", of which the last " (log.lines.tail.iter().len()) " are shown" }
                        }
                    }
                    @if everything && !log.lines.tail.is_empty() {
                        pre { (last_lines(log)) }
                    }
                }
            }
        }
    }
}

fn last_lines(log: &Log) -> String {
    // Collect lines from the end until the limit is reached.
    let mut lines = Vec::new();
    let mut size = 0;
    for line in log.lines.tail.iter().rev() {
        size += line.text.len() + 1;
        if size > LOG_END {
            break;
        }
        lines.push(line.text.as_str());
    }
    lines.reverse();
    plain(&lines.join("\n"), 2 * LOG_END)
}

fn more<T, const N: usize>(tail: &Tail<T, N>) -> String {
    match tail.left_out() {
        0 => String::new(),
        before => format!(", the newest; {before} older ones are left out"),
    }
}
