//! The messages of the article's exchange: how many were sent, how many arrived, and in which order.

use maud::{Markup, html};

use super::evidence::instance;
use crate::report::sketch::{Flow, Sketch};
use crate::report::text::plain_line;

/// How many exchanges of one case are shown.
const FLOWS: usize = 4;

/// Each exchange that the logs tell of.
pub(super) fn flows(sketch: &Sketch) -> Markup {
    let flows = Flow::all(&sketch.logs);
    html! {
        @for flow in flows.iter().take(FLOWS) {
            (one(flow))
        }
        @if flows.len() > FLOWS {
            p.faint { (flows.len() - FLOWS) " more exchanges are left out here." }
        }
    }
}

fn one(flow: &Flow<'_>) -> Markup {
    let (sent, received) = (&flow.from.lines.sent, &flow.to.lines.received);
    html! {
        div.scroll { table {
            caption { "Messages, as the logs tell of them" }
            thead { tr {
                th scope="col" { "Container" } th.number scope="col" { "Messages" }
                th scope="col" { "First" } th scope="col" { "Last" }
            } }
            tbody {
                @for (who, what, messages) in [(flow.from, "produced", sent), (flow.to, "consumed", received)] {
                    tr {
                        td.mono { (instance(who)) }
                        td.number { (messages.count) " " (what) }
                        td.mono { (messages.first.first().map(|text| plain_line(text, 40)).unwrap_or_default()) }
                        td.mono { (messages.last.as_deref().map(|text| plain_line(text, 40)).unwrap_or_default()) }
                    }
                }
            }
        } }
        p { (order(flow)) }
    }
}

fn order(flow: &Flow<'_>) -> String {
    let arrived = flow.arrived().len();
    let told = |list: &[String], place: usize| {
        list.get(place - 1).map_or_else(|| "nothing".to_owned(), |text| plain_line(text, 40))
    };
    match flow.differs_at() {
        None => format!("The {arrived} messages arrived in the order in which they were sent."),
        Some(place) => format!(
            "Message {place} is the first that differs: sent {}, arrived {}.",
            told(&flow.from.lines.sent.first, place),
            told(flow.arrived(), place)
        ),
    }
}
