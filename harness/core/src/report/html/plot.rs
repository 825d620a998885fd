//! The charts of an experiment: shares with confidence intervals, and delays between starts.

use maud::{Markup, html};

use super::scale::{Scale, at, rounded};
use crate::report::text::plain_line;
use crate::statistics::{Distribution, Share};
use crate::trials::{Trial, TrialGroup};

/// Sizes in SVG user units.
const WIDTH: f64 = 1000.0;
const LABELS: f64 = 210.0;
const NOTES: f64 = 150.0;
const TOP: f64 = 24.0;
const SHARE_ROW: f64 = 24.0;
const GAP_ROW: f64 = 34.0;

/// The number of trials up to which every trial of a group gets a dot.
const DOTS: usize = 300;

/// A bar for each group: the share of trials that completed, with its 95 % confidence interval.
pub(super) fn shares(groups: &[&TrialGroup]) -> Markup {
    let scale = Scale { values: (0.0, 100.0), places: (LABELS, WIDTH - NOTES) };
    let height = TOP + SHARE_ROW * rows(groups) + 4.0;
    html! {
        div.scroll {
            svg.plot viewBox={ "0 0 " (WIDTH) " " (at(height)) } role="img" aria-labelledby="shares-title shares-text" {
                title id="shares-title" { "Share of trials that completed, by strategy and order" }
                desc id="shares-text" { "Bars from 0 to 100 percent, each with its 95 percent Wilson interval. The table below has the numbers." }
                (axis(&scale, height, " %"))
                @for (place, group) in groups.iter().enumerate() {
                    @let y = top(place, SHARE_ROW);
                    (label(group, y + 13.0))
                    @match group.measured.completed {
                        Some(share) => (bar(&scale, y, &share)),
                        None => text.faint x=(at(LABELS + 6.0)) y=(at(y + 13.0)) { "no conclusive trial" },
                    }
                }
            }
        }
    }
}

fn bar(scale: &Scale, y: f64, share: &Share) -> Markup {
    let [zero, middle, low, high] =
        [0.0, share.share, share.low, share.high].map(|part| scale.x(part * 100.0));
    let tooltip = format!(
        "{} of {}: {:.1} %, 95 % interval {:.1} to {:.1} %",
        share.count,
        share.of,
        share.share * 100.0,
        share.low * 100.0,
        share.high * 100.0
    );
    html! {
        rect.ready x=(at(zero)) y=(at(y + 2.0)) width=(at(middle - zero)) height="14" { title { (tooltip) } }
        line.whisker x1=(at(low)) x2=(at(high)) y1=(at(y + 9.0)) y2=(at(y + 9.0)) { title { (tooltip) } }
        @for end in [low, high] {
            line.whisker x1=(at(end)) x2=(at(end)) y1=(at(y + 4.0)) y2=(at(y + 14.0)) {}
        }
        text x=(at(WIDTH - NOTES + 10.0)) y=(at(y + 13.0)) { (share.count) " of " (share.of) }
    }
}

/// A strip for each group, with a dot for the delay of each trial. Left of the line at zero the consumer started first.
pub(super) fn gaps(groups: &[&TrialGroup]) -> Markup {
    let measured = groups.iter().filter_map(|group| group.measured.gap_by_clock_ms);
    let (least, most) =
        measured.fold((0.0_f64, 0.0_f64), |(least, most), gap| (least.min(gap.min), most.max(gap.max)));
    let room = ((most - least) * 0.03).max(1.0);
    let scale = Scale { values: (least - room, most + room), places: (LABELS, WIDTH - 10.0) };
    let height = TOP + GAP_ROW * rows(groups) + 4.0;
    let zero = at(scale.x(0.0));
    html! {
        div.scroll {
            svg.plot viewBox={ "0 0 " (WIDTH) " " (at(height)) } role="img" aria-labelledby="gaps-title gaps-text" {
                title id="gaps-title" { "Delay from the producer's start to the consumer's start, in milliseconds" }
                desc id="gaps-text" {
                    "A dot for each trial, marks for the median and the 90th and 99th percentile, and a line at zero: left of it the consumer started first. The table below has the numbers."
                }
                (axis(&scale, height, " ms"))
                line.zero x1=(zero) x2=(zero) y1="16" y2=(at(height)) {}
                @for (place, group) in groups.iter().enumerate() {
                    @let y = top(place, GAP_ROW);
                    (label(group, y + 16.0))
                    @match &group.measured.gap_by_clock_ms {
                        Some(gap) => { (dots(&scale, y, group)) (percentiles(&scale, y, gap)) }
                        None => text.faint x=(at(LABELS + 6.0)) y=(at(y + 16.0)) { "no trial in which both started" },
                    }
                }
            }
        }
    }
}

fn dots(scale: &Scale, y: f64, group: &TrialGroup) -> Markup {
    let mut gaps: Vec<_> = group.trials.iter().filter_map(Trial::gap_by_clock).collect();
    gaps.sort_unstable();
    // Of many trials, draw every nth, and always the first and the last.
    let step = gaps.len().div_ceil(DOTS).max(1);
    let kept = gaps.iter().enumerate().filter(|(place, _)| place % step == 0 || place + 1 == gaps.len());
    html! {
        @for (place, gap) in kept {
            circle.point cx=(at(scale.x(milliseconds(*gap)))) cy=(at(y + 6.0 + spread(place))) r="2.5" {}
        }
    }
}

/// Spreads dots over different heights, so that close ones do not overlap.
fn spread(place: usize) -> f64 {
    [6.0, 12.0, 2.0, 16.0, 9.0, 4.0, 14.0][place % 7]
}

fn percentiles(scale: &Scale, y: f64, gap: &Distribution) -> Markup {
    html! {
        @for (name, value) in [("p50", gap.p50), ("p90", gap.p90), ("p99", gap.p99)] {
            @let x = at(scale.x(value));
            line class={ "percentile " (name) } x1=(x) x2=(x) y1=(at(y + 3.0)) y2=(at(y + 27.0)) {
                title { (name) (format!(": {value:.1} ms")) }
            }
        }
    }
}

/// The legend of the delay chart.
pub(super) fn gap_legend() -> Markup {
    html! {
        ul.legend {
            @for (name, label) in [("p50", "median"), ("p90", "90th percentile"), ("p99", "99th percentile")] {
                li {
                    svg viewBox="0 0 12 12" aria-hidden="true" { line class={ "percentile " (name) } x1="6" x2="6" y1="0" y2="12" {} }
                    (label)
                }
            }
            li { "Left of the line at zero the consumer started first." }
            li { "With more than " (DOTS) " trials, not every trial has a dot." }
        }
    }
}

fn axis(scale: &Scale, height: f64, unit: &str) -> Markup {
    html! {
        g.axis {
            @for point in scale.points() {
                line.grid x1=(at(scale.x(point))) x2=(at(scale.x(point))) y1="16" y2=(at(height)) {}
                text x=(at(scale.x(point))) y="12" text-anchor="middle" { (rounded(point)) (unit) }
            }
        }
    }
}

fn label(group: &TrialGroup, y: f64) -> Markup {
    html! {
        text x="0" y=(at(y)) { (plain_line(&group.strategy, 24)) }
        text.faint x=(at(LABELS - 12.0)) y=(at(y)) text-anchor="end" { (group.order.word()) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are a few rows")]
fn top(place: usize, row: f64) -> f64 {
    TOP + row * place as f64
}

#[expect(clippy::cast_precision_loss, reason = "there are a few rows")]
fn rows(groups: &[&TrialGroup]) -> f64 {
    groups.len() as f64
}

#[expect(clippy::cast_precision_loss, reason = "three months of nanoseconds are exact")]
fn milliseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}
