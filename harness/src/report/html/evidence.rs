//! What was seen while a case was driven.

use jiff::Timestamp;
use maud::{Markup, html};

use super::card::encoded;
use super::document::Page;
use super::flow::flows;
use super::gantt::gantt;
use crate::evidence::log_file;
use crate::report::entry::Entry;
use crate::report::sketch::{Log, Sketch, Tail, Told};
use crate::report::status::Class;
use crate::report::text::{plain, plain_line};

/// How much of a log's end is shown, in bytes.
const LOG_END: usize = 4 << 10;

/// The timeline, what was awaited, the events and the logs; less of them for what is as it must be.
pub(super) fn evidence(page: &Page<'_>, entry: &Entry<'_>) -> Markup {
    let sketch = match page.reader.sketch(&entry.case.slug) {
        Ok(sketch) => sketch,
        Err(why) => return html! { p.faint { "No evidence is shown: " (plain_line(&why, 300)) "." } },
    };
    let everything = matches!(entry.status.class(), Class::Bad | Class::Untold);
    html! {
        @if let Some(why) = &sketch.blocked {
            p { strong { "The drive could not go on: " } (plain_line(why, 1000)) }
        }
        (gantt(&sketch, entry.index))
        (flows(&sketch))
        @if everything {
            (waits(&sketch))
        }
        (events(&sketch, everything))
        (reports(&sketch))
        (logs(&sketch, entry, everything))
        p.faint { "Driven in the namespace " code { (plain_line(&sketch.namespace, 80)) } "." }
    }
}

/// Seconds since the drive began.
pub(super) fn offset(sketch: &Sketch, at: Timestamp) -> f64 {
    at.duration_since(sketch.started).as_secs_f64()
}

fn waits(sketch: &Sketch) -> Markup {
    html! {
        @if !sketch.waits.is_empty() {
            details {
                summary { "Awaited (" (sketch.waits.iter().len()) (more(&sketch.waits)) ")" }
                div.scroll { table {
                    thead { tr { th scope="col" { "What" } th.number scope="col" { "From" } th.number scope="col" { "Seconds" } th scope="col" { "How it ended" } } }
                    tbody {
                        @for wait in sketch.waits.iter() {
                            tr {
                                td { (plain_line(&wait.what, 200)) }
                                td.number { (format!("{:+.1}", offset(sketch, wait.started))) }
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

/// Warnings only, where everything is as it must be.
fn events(sketch: &Sketch, everything: bool) -> Markup {
    let mut told: Vec<&Told> = sketch.events.iter().filter(|told| everything || told.warns).collect();
    told.sort_by_key(|told| told.at);
    let what = if everything { "Events" } else { "Warnings" };
    html! {
        @if !told.is_empty() {
            details {
                summary { (what) " (" (told.len()) (more(&sketch.events)) ")" }
                div.scroll { table {
                    thead { tr { th.number scope="col" { "Seconds" } th scope="col" { "Reason" } th scope="col" { "Object" } th scope="col" { "Message" } } }
                    tbody {
                        @for told in told {
                            tr {
                                td.number { (format!("{:+.1}", offset(sketch, told.at))) }
                                td { @if told.warns { span.tag.warn { "warning" } " " } (plain_line(&told.reason, 80)) }
                                td.mono { (plain_line(&told.object, 120)) }
                                td { (plain_line(&told.message, 300)) @if told.count > 1 { " (" (told.count) " times)" } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// What the probe told, by the clock of its node.
fn reports(sketch: &Sketch) -> Markup {
    let count: usize = sketch.logs.iter().map(|log| log.lines.reports.iter().len()).sum();
    let left_out: usize = sketch.logs.iter().map(|log| log.lines.reports.left_out()).sum();
    html! {
        @if count > 0 {
            details {
                summary {
                    "Probe reports (" (count) @if left_out > 0 { " of " (count + left_out) ", the newest of each log" } ")"
                }
                div.scroll { table {
                    thead { tr { th.number scope="col" { "Seconds" } th scope="col" { "Container" } th scope="col" { "Report" } } }
                    tbody {
                        @for log in sketch.logs.iter() {
                            @for report in log.lines.reports.iter() {
                                tr {
                                    td.number { @if let Some(at) = report.at { (format!("{:+.3}", offset(sketch, at))) } @else { "?" } }
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

/// The end of each log where something is wrong, else only the way to it.
fn logs(sketch: &Sketch, entry: &Entry<'_>, everything: bool) -> Markup {
    html! {
        @if !sketch.logs.is_empty() {
            details {
                summary { "Logs (" (sketch.logs.iter().len()) (more(&sketch.logs)) ")" }
                @for log in sketch.logs.iter() {
                    @let file = format!("{}/logs/{}", entry.case.slug, log_file(&log.pod, &log.uid, &log.container, log.restart));
                    p {
                        a href={ "cases/" (encoded(&file)) } { code { (instance(log)) } }
                        span.faint {
                            " " (log.lines.count()) " lines"
                            @if let Some(lack) = log.lack() { ", not whole: " (plain_line(lack, 200)) }
                            @if everything && log.lines.tail.left_out() > 0 { ", the last " (log.lines.tail.iter().len()) " here" }
                        }
                    }
                    @if everything && !log.lines.tail.is_empty() {
                        pre { (end_of(log)) }
                    }
                }
            }
        }
    }
}

fn end_of(log: &Log) -> String {
    // From the end, as far as there is room.
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

/// A container instance in one line.
pub(super) fn instance(log: &Log) -> String {
    let restart = if log.restart > 0 { format!(" (instance {})", log.restart) } else { String::new() };
    plain_line(&format!("{}/{}{restart}", log.pod, log.container), 160)
}

fn more<T, const N: usize>(tail: &Tail<T, N>) -> String {
    match tail.left_out() {
        0 => String::new(),
        before => format!(", the newest; {before} older are left out"),
    }
}
