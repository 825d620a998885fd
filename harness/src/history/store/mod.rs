//! The store: one SQLite file, made from run folders, that can be made again.
//!
//! Statements are plain SQL that PostgreSQL takes as well, but for the form of its placeholders (`$1` for `?1`): times
//! are microseconds in a BIGINT, words are TEXT. Only the tables are declared in SQLite's own words.
//!
//! On a network file system SQLite's log in shared memory does not work: keep the store on a local disk, and the run
//! folders where they are collected.

mod error;
mod load;
mod open;
mod write;

pub use error::StoreError;
pub use load::{Extent, Listed, Renames};
pub use open::Store;
pub use write::Added;
