//! Terminal output: a line per event during the run, then a table and a summary.
//!
//! The output is readable without colour. Text from the cluster is escaped before it is printed.

mod article;
mod changes;
mod claim_name;
mod cluster;
mod columns;
mod details;
mod experiment;
mod live;
mod paragraph;
mod stored_runs;
mod style;
mod summary;
mod table;

pub use article::article_text;
pub use changes::{changes_table, review_text};
pub use experiment::experiment_table;
pub use live::LiveLines;
pub use stored_runs::{comparison_text, run_list, run_text, trend_text};
pub use style::Styles;
pub use table::table;
