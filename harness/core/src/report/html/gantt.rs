//! The timeline chart: the states of pods and containers over time.

use jiff::Timestamp;
use maud::{Markup, html};

use super::label::offset;
use super::scale::{Scale, at, rounded};
use crate::report::evidence_view::{EvidenceView, InstanceLane, PodLanes, Span, SpanState, Tail};
use crate::report::text::plain_line;

/// Sizes in SVG user units.
const WIDTH: f64 = 1000.0;
const LABELS: f64 = 290.0;
const ROW: f64 = 22.0;
const BAR: f64 = 14.0;
const TOP: f64 = 24.0;

/// The number of waits that get a row.
const WAITS: usize = 8;

/// One row of the chart.
struct Row<'a> {
    name: String,
    is_pod: bool,
    drawn: Drawn<'a>,
}

enum Drawn<'a> {
    Lane { spans: Vec<&'a Span>, instances: Vec<&'a InstanceLane>, reports: Vec<(Timestamp, String)> },
    Events,
    Wait { from: Timestamp, to: Timestamp, met: bool, label: String },
}

/// The time axis, in seconds since the case started.
fn scale(view: &EvidenceView) -> Scale {
    let states = view.timeline.pods.iter().flat_map(|pod| pod.phases.iter()).map(|span| span.from);
    // Logs are read to their ends after the case has ended.
    let waits = view.waits.iter().map(|wait| wait.ended);
    let last = states.chain(waits).chain([view.ended]).map(|at| offset(view, at)).fold(0.001, f64::max);
    Scale { values: (0.0, last), places: (LABELS, WIDTH - 4.0) }
}

/// The chart of one case. Empty if no pod was seen.
pub(super) fn gantt(view: &EvidenceView, index: usize) -> Markup {
    if view.timeline.pods.is_empty() {
        return html! {};
    }
    let (rows, scale) = (rows(view), scale(view));
    let mut height = TOP;
    let placed: Vec<_> = rows
        .iter()
        .map(|row| {
            let y = height;
            height += ROW;
            (y, row)
        })
        .collect();
    let name = format!("gantt-{index}");
    html! {
        h3 { "Timeline" }
        div.scroll {
            svg.gantt viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby=(name) {
                title id=(name) { "States of " (view.timeline.pods.len()) " pods and their containers, in seconds since the case started" }
                (axis(&scale, height))
                @for (y, row) in &placed {
                    text.faint[!row.is_pod] x=(if row.is_pod { "0" } else { "12" }) y=(at(y + BAR - 2.0)) { (row.name) }
                    (drawn(view, &scale, *y, row))
                }
                (marks(view, &scale, height))
            }
        }
        (legend(view))
    }
}

fn rows(view: &EvidenceView) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for pod in &view.timeline.pods {
        let spans = pod.phases.iter().collect();
        let drawn = Drawn::Lane { spans, instances: Vec::new(), reports: Vec::new() };
        rows.push(Row { name: plain_line(&pod.name, 38), is_pod: true, drawn });
        for container in &pod.containers {
            let drawn = Drawn::Lane {
                spans: container.states.iter().collect(),
                instances: container.instances.iter().collect(),
                reports: reports(view, pod, &container.name),
            };
            rows.push(Row { name: plain_line(&container.name, 38), is_pod: false, drawn });
        }
    }
    if !view.events.is_empty() {
        rows.push(Row { name: "events".to_owned(), is_pod: true, drawn: Drawn::Events });
    }
    let left_out = view.waits.iter().len().saturating_sub(WAITS);
    for wait in view.waits.iter().skip(left_out) {
        let met = wait.end.is_met();
        let label = plain_line(&format!("{}: {}", wait.what, wait.end), 160);
        let drawn = Drawn::Wait { from: wait.started, to: wait.ended, met, label };
        rows.push(Row { name: plain_line(&wait.what, 46), is_pod: false, drawn });
    }
    rows
}

/// The probe's reports in the logs of a container. Times are by the clock of the node.
fn reports(view: &EvidenceView, pod: &PodLanes, container: &str) -> Vec<(Timestamp, String)> {
    let logs = view.logs.iter().filter(|log| log.uid == pod.uid && log.container == container);
    logs.flat_map(|log| log.lines.reports.iter())
        .filter_map(|report| Some((report.at?, plain_line(&report.verb, 40))))
        .collect()
}

fn drawn(view: &EvidenceView, scale: &Scale, y: f64, row: &Row<'_>) -> Markup {
    let x = |time: Timestamp| scale.x(offset(view, time));
    html! {
        @match &row.drawn {
            Drawn::Lane { spans, instances, reports } => {
                @for span in spans { (bar(view, scale, y, span)) }
                @for instance in instances { (ran(view, scale, y, instance)) }
                @for (time, verb) in reports {
                    circle.report cx=(at(x(*time))) cy=(at(y + BAR + 2.5)) r="3" {
                        title { (verb) (format!(" at {:+.3} s", offset(view, *time))) }
                    }
                }
            }
            Drawn::Events => {
                @for event in view.events.iter() {
                    rect.tick.warn[event.is_warning] x=(at(x(event.at))) y=(at(y + 1.0)) width="2.5" height=(at(BAR - 2.0)) {
                        title {
                            (plain_line(&event.reason, 60)) " " (plain_line(&event.object, 60))
                            (format!(" at {:+.1} s", offset(view, event.at)))
                        }
                    }
                }
            }
            Drawn::Wait { from, to, met, label } => {
                @let width = (x(*to) - x(*from)).max(2.0);
                rect.await.unmet[!*met] x=(at(x(*from))) y=(at(y + 3.0)) width=(at(width)) height=(at(BAR - 6.0)) rx="3" {
                    title { (label) (format!(" ({:.1} s)", to.duration_since(*from).as_secs_f64())) }
                }
            }
        }
    }
}

fn bar(view: &EvidenceView, scale: &Scale, y: f64, span: &Span) -> Markup {
    let (from, to) = (offset(view, span.from), offset(view, span.to.unwrap_or(view.ended)));
    let (left, right) = (scale.x(from), scale.x(to));
    let width = (right - left).max(1.5);
    let label = plain_line(&span.words, 80);
    // A letter takes about six units. A label that does not fit is only in the tooltip.
    let fits = f64::from(u32::try_from(label.chars().count()).unwrap_or(u32::MAX)) * 6.0 + 6.0 < width;
    html! {
        rect class=(class(span.state)) x=(at(left)) y=(at(y)) width=(at(width)) height=(at(BAR)) {
            title { (label) (format!(", {from:+.1} to {to:+.1} s")) }
        }
        @if fits {
            text.on x=(at(left + 4.0)) y=(at(y + BAR - 3.5)) { (label) }
        }
    }
}

/// A thin line below the bar: a container may start and end between two states that the watch showed.
fn ran(view: &EvidenceView, scale: &Scale, y: f64, instance: &InstanceLane) -> Markup {
    let from = offset(view, instance.from);
    let to = offset(view, instance.to.unwrap_or(view.ended)).max(from);
    let left = scale.x(from);
    let width = (scale.x(to) - left).max(3.0);
    let end = if instance.to.is_some() { format!("{to:+.1} s") } else { "the end".to_owned() };
    html! {
        rect.ran x=(at(left)) y=(at(y + BAR + 1.0)) width=(at(width)) height="3" {
            title { (format!("ran from {from:+.1} s to {end}")) }
        }
    }
}

fn class(state: SpanState) -> &'static str {
    match state {
        SpanState::Waiting => "waiting",
        SpanState::Running => "running",
        SpanState::Ready => "ready",
        SpanState::Ended => "ended",
        SpanState::Failed => "failed",
    }
}

fn axis(scale: &Scale, height: f64) -> Markup {
    html! {
        g.axis {
            @for point in scale.points() {
                line.grid x1=(at(scale.x(point))) x2=(at(scale.x(point))) y1="16" y2=(at(height)) {}
                text x=(at(scale.x(point))) y="12" { (rounded(point)) " s" }
            }
        }
    }
}

fn marks(view: &EvidenceView, scale: &Scale, height: f64) -> Markup {
    html! {
        @for mark in view.marks.iter() {
            @let x = at(scale.x(offset(view, mark.at)));
            line.mark x1=(x) x2=(x) y1="16" y2=(at(height)) {
                title { (plain_line(&mark.name, 80)) (format!(" at {:+.1} s", offset(view, mark.at))) }
            }
        }
    }
}

fn legend(view: &EvidenceView) -> Markup {
    let states = [
        (SpanState::Waiting, "waiting"),
        (SpanState::Running, "running"),
        (SpanState::Ready, "ready"),
        (SpanState::Ended, "exit code 0"),
        (SpanState::Failed, "nonzero exit code"),
    ];
    let older: usize = view
        .timeline
        .pods
        .iter()
        .map(|pod| {
            left_out(&pod.phases)
                + pod.containers.iter().map(|container| left_out(&container.states)).sum::<usize>()
        })
        .sum();
    html! {
        ul.legend {
            @for (state, label) in states {
                li { svg viewBox="0 0 12 12" aria-hidden="true" { rect class=(class(state)) width="12" height="12" {} } (label) }
            }
            @if !view.marks.is_empty() {
                li {
                    "dashed lines: "
                    (view.marks.iter().map(|mark| format!("{} {:+.1} s", plain_line(&mark.name, 40), offset(view, mark.at))).collect::<Vec<_>>().join(", "))
                }
            }
        }
        p.faint {
            "Bars: states as the watch showed them, by the harness's clock. Lines below the bars: when the container ran according to its runtime, in whole seconds. Dots on the lines: probe reports. Lines, dots and events use the node's clock. Outlines: waits."
            @if older > 0 { " " (older) " older states are left out." }
            @if view.timeline.left_out > 0 { " " (view.timeline.left_out) " states of more pods are left out." }
        }
    }
}

fn left_out<T, const N: usize>(lane: &Tail<T, N>) -> usize {
    lane.left_out()
}
