//! The version of the tables.

/// The version of the tables. A store with another version is rejected; it can be recreated from the run folders.
pub(super) const VERSION: i64 = 2;

/// Records [`VERSION`] in new tables.
pub(super) const SET_VERSION: &str = "INSERT INTO schema_version (version) VALUES (?1)";
