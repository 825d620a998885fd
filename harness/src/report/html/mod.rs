//! The run, the runs of many versions, and the experiment, each as one page: no network, no script that it needs, nothing from the cluster that a browser would obey.
//!
//! What is wrong comes first and has the most room. Of the evidence only as much is shown as keeps the page small;
//! what is left out is said, with the way to all of it.

mod account;
mod budget;
mod card;
mod document;
mod evidence;
mod experiment;
mod findings;
mod flow;
mod gantt;
mod groups;
mod head;
mod listing;
mod matrix;
mod news;
mod plot;
mod scale;
mod shell;

pub use document::html_page;
pub(super) use document::write_html;
pub use experiment::{experiment_page, write_experiment_page};
pub use matrix::{matrix_page, write_matrix};
