//! Opens or creates a store.

use super::backend::{Backend, TransactionMode};
use super::error::StoreError;
use super::location::StoreLocation;
#[cfg(feature = "postgres")]
use super::postgresql;
use super::sqlite;
use super::version::VERSION;

/// An open store. Its methods block; do not call them in an asynchronous task.
#[derive(Debug)]
pub struct Store {
    pub(super) backend: Box<dyn Backend>,
    pub(super) place: StoreLocation,
}

impl Store {
    /// Opens the store at `place`.
    pub fn open(place: &StoreLocation) -> Result<Self, StoreError> {
        Self::of(place, false)
    }

    /// Opens the store at `place`. Creates the file and its folder, or the tables, if they are missing.
    pub fn open_or_create(place: &StoreLocation) -> Result<Self, StoreError> {
        Self::of(place, true)
    }

    fn of(place: &StoreLocation, create_missing: bool) -> Result<Self, StoreError> {
        let backend = match place {
            StoreLocation::File(file) => sqlite::open(file, create_missing)?,
            #[cfg(feature = "postgres")]
            StoreLocation::Database(url) => postgresql::open(url, create_missing)?,
            #[cfg(not(feature = "postgres"))]
            StoreLocation::Database(_) => return Err(StoreError::WithoutPostgres { store: place.clone() }),
        };
        let mut store = Self { backend, place: place.clone() };
        let version = store
            .backend
            .transaction(TransactionMode::Read, |backend| {
                backend.number("SELECT max(version) FROM schema_version", &[])
            })
            .map_err(|source| StoreError::failed("read the version", place, source))?;
        match version {
            Some(VERSION) => Ok(store),
            Some(found) if found > VERSION => Err(StoreError::Newer { store: store.place, found }),
            Some(found) => Err(StoreError::Older { store: store.place, found }),
            None => Err(StoreError::Foreign { store: store.place }),
        }
    }
}
