//! The states of pods and containers over time, as a drawing.

use jiff::Timestamp;
use maud::{Markup, html};

use super::evidence::offset;
use super::scale::{Scale, at, rounded};
use crate::report::sketch::{Instance, PodLanes, Sketch, Span, State, Tail};
use crate::report::text::plain_line;

/// Measures, in units of the drawing.
const WIDTH: f64 = 1000.0;
const LABELS: f64 = 290.0;
const ROW: f64 = 22.0;
const BAR: f64 = 14.0;
const TOP: f64 = 24.0;

/// How many waits have a row.
const WAITS: usize = 8;

/// A row: what it is called, and what is drawn in it, given its upper edge.
struct Row<'a> {
    name: String,
    pod: bool,
    drawn: Drawn<'a>,
}

enum Drawn<'a> {
    Lane { spans: Vec<&'a Span>, instances: Vec<&'a Instance>, reports: Vec<(Timestamp, String)> },
    Events,
    Wait { from: Timestamp, to: Timestamp, met: bool, words: String },
}

/// Seconds of the drive.
fn scale(sketch: &Sketch) -> Scale {
    let states = sketch.timeline.pods.iter().flat_map(|pod| pod.phases.iter()).map(|span| span.from);
    let last = states.chain([sketch.ended]).map(|at| offset(sketch, at)).fold(0.001, f64::max);
    Scale { values: (0.0, last), places: (LABELS, WIDTH - 4.0) }
}

/// The drawing of one case; nothing where no pod was seen.
pub(super) fn gantt(sketch: &Sketch, index: usize) -> Markup {
    if sketch.timeline.pods.is_empty() {
        return html! {};
    }
    let (rows, scale) = (rows(sketch), scale(sketch));
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
                title id=(name) { "States of " (sketch.timeline.pods.len()) " pods and their containers, in seconds since the drive began" }
                (axis(&scale, height))
                @for (y, row) in &placed {
                    text.faint[!row.pod] x=(if row.pod { "0" } else { "12" }) y=(at(y + BAR - 2.0)) { (row.name) }
                    (drawn(sketch, &scale, *y, row))
                }
                (marks(sketch, &scale, height))
            }
        }
        (legend(sketch))
    }
}

fn rows(sketch: &Sketch) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for pod in &sketch.timeline.pods {
        let spans = pod.phases.iter().collect();
        let drawn = Drawn::Lane { spans, instances: Vec::new(), reports: Vec::new() };
        rows.push(Row { name: plain_line(&pod.name, 38), pod: true, drawn });
        for container in &pod.containers {
            let drawn = Drawn::Lane {
                spans: container.states.iter().collect(),
                instances: container.instances.iter().collect(),
                reports: reports(sketch, pod, &container.name),
            };
            rows.push(Row { name: plain_line(&container.name, 38), pod: false, drawn });
        }
    }
    if !sketch.events.is_empty() {
        rows.push(Row { name: "events".to_owned(), pod: true, drawn: Drawn::Events });
    }
    let left_out = sketch.waits.iter().len().saturating_sub(WAITS);
    for wait in sketch.waits.iter().skip(left_out) {
        let met = wait.end.is_met();
        let words = plain_line(&format!("{}: {}", wait.what, wait.end), 160);
        let drawn = Drawn::Wait { from: wait.started, to: wait.ended, met, words };
        rows.push(Row { name: plain_line(&wait.what, 46), pod: false, drawn });
    }
    rows
}

/// What the probe told in the logs of a container, by the clock of its node.
fn reports(sketch: &Sketch, pod: &PodLanes, container: &str) -> Vec<(Timestamp, String)> {
    let logs = sketch.logs.iter().filter(|log| log.uid == pod.uid && log.container == container);
    logs.flat_map(|log| log.lines.reports.iter())
        .filter_map(|report| Some((report.at?, plain_line(&report.verb, 40))))
        .collect()
}

fn drawn(sketch: &Sketch, scale: &Scale, y: f64, row: &Row<'_>) -> Markup {
    let x = |time: Timestamp| scale.x(offset(sketch, time));
    html! {
        @match &row.drawn {
            Drawn::Lane { spans, instances, reports } => {
                @for span in spans { (bar(sketch, scale, y, span)) }
                @for instance in instances { (ran(sketch, scale, y, instance)) }
                @for (time, verb) in reports {
                    circle.told cx=(at(x(*time))) cy=(at(y + BAR + 2.5)) r="3" {
                        title { (verb) (format!(" at {:+.3} s", offset(sketch, *time))) }
                    }
                }
            }
            Drawn::Events => {
                @for told in sketch.events.iter() {
                    rect.tick.warn[told.warns] x=(at(x(told.at))) y=(at(y + 1.0)) width="2.5" height=(at(BAR - 2.0)) {
                        title {
                            (plain_line(&told.reason, 60)) " " (plain_line(&told.object, 60))
                            (format!(" at {:+.1} s", offset(sketch, told.at)))
                        }
                    }
                }
            }
            Drawn::Wait { from, to, met, words } => {
                @let width = (x(*to) - x(*from)).max(2.0);
                rect.await.unmet[!*met] x=(at(x(*from))) y=(at(y + 3.0)) width=(at(width)) height=(at(BAR - 6.0)) rx="3" {
                    title { (words) (format!(" ({:.1} s)", to.duration_since(*from).as_secs_f64())) }
                }
            }
        }
    }
}

fn bar(sketch: &Sketch, scale: &Scale, y: f64, span: &Span) -> Markup {
    let (from, to) = (offset(sketch, span.from), offset(sketch, span.to.unwrap_or(sketch.ended)));
    let (left, right) = (scale.x(from), scale.x(to));
    let width = (right - left).max(1.5);
    let words = plain_line(&span.words, 80);
    // About six units for a letter; what does not fit is in the title.
    let fits = f64::from(u32::try_from(words.chars().count()).unwrap_or(u32::MAX)) * 6.0 + 6.0 < width;
    html! {
        rect class=(class(span.state)) x=(at(left)) y=(at(y)) width=(at(width)) height=(at(BAR)) {
            title { (words) (format!(", {from:+.1} to {to:+.1} s")) }
        }
        @if fits {
            text.on x=(at(left + 4.0)) y=(at(y + BAR - 3.5)) { (words) }
        }
    }
}

/// A thin line below the bar: a container may run and end between two states that are seen.
fn ran(sketch: &Sketch, scale: &Scale, y: f64, instance: &Instance) -> Markup {
    let from = offset(sketch, instance.from);
    let to = offset(sketch, instance.to.unwrap_or(sketch.ended)).max(from);
    let left = scale.x(from);
    let width = (scale.x(to) - left).max(3.0);
    let end = if instance.to.is_some() { format!("{to:+.1} s") } else { "the end".to_owned() };
    html! {
        rect.ran x=(at(left)) y=(at(y + BAR + 1.0)) width=(at(width)) height="3" {
            title { (format!("ran from {from:+.1} s to {end}")) }
        }
    }
}

fn class(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Running => "running",
        State::Ready => "ready",
        State::Ended => "ended",
        State::Failed => "failed",
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

fn marks(sketch: &Sketch, scale: &Scale, height: f64) -> Markup {
    html! {
        @for mark in sketch.marks.iter() {
            @let x = at(scale.x(offset(sketch, mark.at)));
            line.mark x1=(x) x2=(x) y1="16" y2=(at(height)) {
                title { (plain_line(&mark.name, 80)) (format!(" at {:+.1} s", offset(sketch, mark.at))) }
            }
        }
    }
}

fn legend(sketch: &Sketch) -> Markup {
    let states = [
        (State::Waiting, "waiting"),
        (State::Running, "running"),
        (State::Ready, "ready"),
        (State::Ended, "exit code 0"),
        (State::Failed, "another exit code"),
    ];
    let older: usize = sketch
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
            @for (state, words) in states {
                li { svg viewBox="0 0 12 12" aria-hidden="true" { rect class=(class(state)) width="12" height="12" {} } (words) }
            }
            @if !sketch.marks.is_empty() {
                li {
                    "dashed lines: "
                    (sketch.marks.iter().map(|mark| format!("{} {:+.1} s", plain_line(&mark.name, 40), offset(sketch, mark.at))).collect::<Vec<_>>().join(", "))
                }
            }
        }
        p.faint {
            "Bars: as the watch showed the states, by the harness's clock. Lines below the bars: when the container ran, as its runtime told, in whole seconds. Dots on them: what the probe reported. These and events are by the clock of the node. Outlines: what was awaited."
            @if older > 0 { " " (older) " older states are left out." }
            @if sketch.timeline.left_out > 0 { " " (sketch.timeline.left_out) " states of further pods are left out." }
        }
    }
}

fn left_out<T, const N: usize>(lane: &Tail<T, N>) -> usize {
    lane.left_out()
}
