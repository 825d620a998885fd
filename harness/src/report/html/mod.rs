//! The run as one page: no network, no script that it needs, nothing from the cluster that a browser would obey.
//!
//! What is wrong comes first and has the most room. Of the evidence only as much is shown as keeps the page small;
//! what is left out is said, with the way to all of it.

mod account;
mod budget;
mod card;
mod document;
mod evidence;
mod findings;
mod flow;
mod gantt;
mod groups;
mod head;
mod listing;

pub use document::html_page;
pub(super) use document::write_html;
