//! Reports of a run: live output, a table, JSON lines, JUnit, HTML and other formats.
//!
//! This module turns events and records into text. Text from the cluster is untrusted; types in this module ensure that
//! it is cleaned before it reaches a document or a terminal. The same record gives the same bytes.
//!
//! This module must *not* access a cluster, change a verdict, read the clock or stop a run. If a reporter fails, the
//! others continue, and the error is returned at the end.

mod article;
mod background;
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
pub use background::{Background, CaseNews, ChangedFact, EarlierRun, NewsKind};
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
pub use terminal::{Columns, LiveLines, Styles, article_text, experiment_table, table};
pub use text::{counted, visible, visible_line};
pub use trace::chrome_trace;
