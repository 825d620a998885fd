//! The store: one SQLite file or one PostgreSQL database, made from run folders, that can be made again.
//!
//! Statements are written once, in SQL that both take: times are microseconds in a BIGINT, words are TEXT, and a
//! placeholder is `?1`, which PostgreSQL gets as `$1`. Only the tables are declared in each one's own words. All else
//! that differs is behind one small trait: how a transaction begins, and how a row is read.
//!
//! In a database everything is in a schema of its own, `podproof`; nothing else is touched or looked at. A password in
//! its URL is never shown.
//!
//! On a network file system SQLite's log in shared memory does not work: keep the file on a local disk, and the run
//! folders where they are collected. For writers on several hosts there is PostgreSQL.

mod address;
mod error;
mod link;
mod load;
mod open;
mod place;
mod postgresql;
mod sqlite;
mod write;

pub use error::StoreError;
pub use link::Refused;
pub use load::{Extent, Listed, Renames};
pub use open::Store;
pub use place::{Place, Url};
pub use write::Added;
