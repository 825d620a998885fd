//! The message exchange of the article: how many messages were sent and received, and in which order.

use maud::{Markup, html};

use super::label::instance;
use crate::report::evidence_view::{EvidenceView, Flow};
use crate::report::text::plain_line;

/// The number of exchanges shown per case.
const FLOWS: usize = 4;

/// A table for each exchange found in the logs.
pub(super) fn flows(view: &EvidenceView) -> Markup {
    let flows = Flow::all(&view.logs);
    html! {
        @for flow in flows.iter().take(FLOWS) {
            (render(flow))
        }
        @if flows.len() > FLOWS {
            p.faint { (flows.len() - FLOWS) " more exchanges are left out here." }
        }
    }
}

fn render(flow: &Flow<'_>) -> Markup {
    let (sent, received) = (&flow.from.lines.sent, &flow.to.lines.received);
    html! {
        div.scroll { table {
            caption { "Messages found in the logs" }
            thead { tr {
                th scope="col" { "Container" } th.number scope="col" { "Messages" }
                th scope="col" { "First" } th scope="col" { "Last" }
            } }
            tbody {
                @for (log, verb, messages) in [(flow.from, "produced", sent), (flow.to, "consumed", received)] {
                    tr {
                        td.mono { (instance(log)) }
                        td.number { (messages.count) " " (verb) }
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
    let message = |list: &[String], place: usize| {
        list.get(place - 1).map_or_else(|| "nothing".to_owned(), |text| plain_line(text, 40))
    };
    match flow.differs_at() {
        None => format!("The {arrived} messages arrived in the order in which they were sent."),
        Some(place) => format!(
            "Message {place} is the first that differs: sent {}, arrived {}.",
            message(&flow.from.lines.sent.first, place),
            message(flow.arrived(), place)
        ),
    }
}
