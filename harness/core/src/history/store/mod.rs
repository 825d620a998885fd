//! The store: an SQLite file or a PostgreSQL database. It can be recreated from the run folders.
//!
//! Both backends use the same statements: times are microseconds in a BIGINT, texts are TEXT, and placeholders are
//! `?1`, which PostgreSQL gets as `$1`. Each backend has its own migrations, which define its tables, and implements
//! the trait `Backend` for everything that differs.
//!
//! Opening a store of an older version brings its tables to the newest version.
//!
//! In PostgreSQL the store uses only its own schema, `podproof`. A password in the URL is never shown.
//!
//! SQLite's write-ahead log needs shared memory, which does not work on a network file system. Keep the file on a local
//! disk, or use PostgreSQL for writers on several hosts.

mod address;
mod backend;
mod database_error;
mod error;
mod load;
mod location;
mod migrations;
mod open;
mod postgresql;
mod sqlite;
mod write;

pub use database_error::DatabaseError;
pub use error::StoreError;
pub use load::{Renames, RunRange};
pub use location::{StoreLocation, Url};
pub use open::Store;
pub use write::Added;
