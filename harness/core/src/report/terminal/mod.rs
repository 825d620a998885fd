//! Terminal output: a line per event during the run, then a table and a summary.
//!
//! The output is readable without colour. Text from the cluster is escaped before it is printed.

mod article;
mod claim_name;
mod cluster;
mod columns;
mod details;
mod experiment;
mod live;
mod paragraph;
mod style;
mod summary;
mod table;

pub use article::article_text;
pub use columns::Columns;
pub use experiment::experiment_table;
pub use live::LiveLines;
pub use style::Styles;
pub use table::table;
