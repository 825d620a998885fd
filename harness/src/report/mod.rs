//! Tells people and programs how a run went: lines while it runs, a table at its end, JSON lines, JUnit, and a page.
//!
//! Events and records come in, text goes out. Text from the cluster is hostile and is cleaned here, by type, before
//! it reaches a document or a terminal; the same record gives the same bytes.
//!
//! This room may *not* talk to a cluster, change or weigh a verdict, read the clock, or stop a run: a reporter
//! that fails is remembered and told at the end, and the others go on.

mod article;
mod background;
mod csv;
mod ctrf;
mod entry;
mod escape;
mod fault;
mod files;
mod html;
mod json;
mod junit;
mod markdown;
mod metrics;
mod reporters;
mod sketch;
mod status;
mod terminal;
mod text;
mod trace;

pub use article::sentence_line;
pub use background::{Background, Changed, Earlier, News, NewsKind};
pub use csv::{trials_csv, write_trials};
pub use ctrf::ctrf_document;
pub use fault::ReportError;
pub use files::{ReportOrder, write_reports};
pub use html::{experiment_page, html_page, matrix_page, write_experiment_page, write_matrix};
pub use json::json_line;
pub use junit::{JunitProfile, junit_document, write_junit};
pub use markdown::markdown_summary;
pub use metrics::prometheus_text;
pub use reporters::Reporters;
pub use terminal::{Columns, LiveLines, Styles, article_text, experiment_table, table};
pub use text::{counted, visible, visible_line};
pub use trace::chrome_trace;
