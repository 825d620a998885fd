//! Opens or creates a store.

use super::backend::{Backend, TransactionMode};
use super::error::StoreError;
use super::location::StoreLocation;
use super::migrations::{READ_VERSION, VERSION, upgrade};
#[cfg(feature = "postgres")]
use super::postgresql;
use super::sqlite;

/// An open store. Its methods block; do not call them in an asynchronous task.
#[derive(Debug)]
pub struct Store {
    pub(super) backend: Box<dyn Backend>,
    pub(super) place: StoreLocation,
}

impl Store {
    /// Opens the store at `place`. Upgrades it if an older program wrote it.
    pub fn open(place: &StoreLocation) -> Result<Self, StoreError> {
        Self::of(place, false)
    }

    /// Opens the store at `place`. Creates the file and its folder, or the tables, if they are missing. Upgrades it if an
    /// older program wrote it.
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
        match store.newest_version()? {
            Some(VERSION) => Ok(store),
            Some(found) if found > VERSION => Err(StoreError::Newer { store: store.place, found }),
            _ => Err(StoreError::Foreign { store: store.place }),
        }
    }

    /// Brings older tables up, one version at a time, and returns the version of the tables.
    fn newest_version(&mut self) -> Result<Option<i64>, StoreError> {
        let migrations = self.backend.migrations();
        let mut version = self
            .backend
            .transaction(TransactionMode::Read, |backend| backend.number(READ_VERSION, &[]))
            .map_err(|source| StoreError::failed("read the version", &self.place, source))?;
        while let Some(found @ 1..VERSION) = version {
            version = upgrade(self.backend.as_mut(), migrations, found)
                .map_err(|source| StoreError::upgrade(&self.place, found, source))?;
        }
        Ok(version)
    }
}
