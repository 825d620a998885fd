//! HTML pages: of a run, of several runs, and of an experiment.
//!
//! Each page is one file. It loads nothing from the network, works without scripts, and escapes all text from the
//! cluster. Failures come first and get the most space. The page limits the evidence it shows; where it leaves
//! something out, it says so and links to the complete evidence.

mod article;
mod badge;
mod budget;
mod card;
mod changes;
mod document;
mod evidence;
mod experiment;
mod findings;
mod flow;
mod gantt;
mod groups;
mod head;
mod label;
mod link;
mod listing;
mod matrix;
mod page;
mod plot;
mod scale;
mod shell;

pub use document::html_page;
pub(super) use document::write_html;
pub use experiment::{experiment_page, write_experiment_page};
pub use matrix::{matrix_page, write_matrix};
