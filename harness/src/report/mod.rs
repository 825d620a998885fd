//! Tells people and programs how a run went: lines while it runs, a table at its end, JSON lines, JUnit.
//!
//! Events and records come in, text goes out. Text from the cluster is hostile and is cleaned here, by type, before
//! it reaches a document or a terminal; the same record gives the same bytes.
//!
//! This room may *not* talk to a cluster, change or weigh a verdict, read the clock, or stop a run: a reporter
//! that fails is remembered and told at the end, and the others go on.

mod article;
mod csv;
mod escape;
mod fault;
mod json;
mod junit;
mod reporters;
mod terminal;
mod text;

pub use article::sentence_line;
pub use csv::{trials_csv, write_trials};
pub use fault::ReportError;
pub use json::json_line;
pub use junit::{junit_document, write_junit};
pub use reporters::Reporters;
pub use terminal::{Columns, LiveLines, Styles, article_text, experiment_table, table};
pub use text::{visible, visible_line};
