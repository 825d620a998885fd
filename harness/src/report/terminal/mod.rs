//! The run for people at a terminal: a line per event while it goes on, a table and a summary at its end.
//!
//! Everything can be read without colour, and nothing from the cluster reaches the terminal as it is.

mod article;
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
