//! Reports of a run: live output, a table, JSON lines, JUnit, HTML and other formats; and what the history says of runs.
//!
//! This module turns events, records and changes between runs into text. Text from the cluster is untrusted; types in this module ensure that
//! it is cleaned before it reaches a document or a terminal. The same record gives the same bytes.
//!
//! This module must *not* access a cluster or a store, change a verdict, read the clock or stop a run. If a reporter fails, the
//! others continue, and the error is returned at the end.

mod article;
mod changes;
mod csv;
mod ctrf;
mod entry;
mod error;
mod escape;
mod evidence_view;
mod files;
mod html;
mod json;
mod junit;
mod markdown;
mod metrics;
mod reporters;
mod status;
mod terminal;
mod text;
mod trace;

pub use article::sentence_line;
pub use csv::{trials_csv, write_trials};
pub use ctrf::ctrf_document;
pub use error::ReportError;
pub use files::{ReportConfig, write_reports};
pub use html::{experiment_page, html_page, matrix_page, write_experiment_page, write_matrix};
pub use json::json_line;
pub use junit::{JunitProfile, junit_document, write_junit};
pub use markdown::markdown_summary;
pub use metrics::prometheus_text;
pub use reporters::Reporters;
pub use terminal::{
    LiveLines, Styles, article_text, changes_table, comparison_text, experiment_table, review_text, run_list,
    run_text, table, trend_text,
};
pub use text::{visible, visible_line};
pub use trace::chrome_trace;
