//! Opening a store, or making one.

use super::error::StoreError;
use super::link::{Access, Link};
use super::place::Place;
#[cfg(feature = "postgres")]
use super::postgresql;
use super::sqlite;

/// The version of the tables. Any other is refused: a store can always be made again from the folders of its runs.
pub(super) const VERSION: i64 = 2;

/// What whoever makes the tables says of them.
pub(super) const SET_VERSION: &str = "INSERT INTO schema_version (version) VALUES (?1)";

/// An open store. Its functions wait for the database: an asynchronous task must not call them.
#[derive(Debug)]
pub struct Store {
    pub(super) link: Box<dyn Link>,
    pub(super) place: Place,
}

impl Store {
    /// Opens the store at `place`.
    pub fn open(place: &Place) -> Result<Self, StoreError> {
        Self::of(place, false)
    }

    /// Opens the store at `place`; makes its file and folder, or its tables, where they are missing.
    pub fn open_or_make(place: &Place) -> Result<Self, StoreError> {
        Self::of(place, true)
    }

    fn of(place: &Place, make_missing: bool) -> Result<Self, StoreError> {
        let link = match place {
            Place::File(file) => sqlite::open(file, make_missing)?,
            #[cfg(feature = "postgres")]
            Place::Database(url) => postgresql::open(url, make_missing)?,
            #[cfg(not(feature = "postgres"))]
            Place::Database(_) => return Err(StoreError::WithoutPostgres { store: place.clone() }),
        };
        let mut store = Self { link, place: place.clone() };
        let version = store
            .link
            .at_once(Access::Read, |link| link.number("SELECT max(version) FROM schema_version", &[]))
            .map_err(|source| StoreError::failed("look for the version", place, source))?;
        match version {
            Some(VERSION) => Ok(store),
            Some(found) if found > VERSION => Err(StoreError::Newer { store: store.place, found }),
            Some(found) => Err(StoreError::Older { store: store.place, found }),
            None => Err(StoreError::Foreign { store: store.place }),
        }
    }
}
