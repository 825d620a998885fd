//! A store in an SQLite file.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

use super::backend::{Backend, DatabaseRow, SqlValue, TransactionMode};
use super::database_error::DatabaseError;
use super::error::StoreError;
use super::migrations::{self, SQLITE};

/// How long a writer waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The capacity of the cache for prepared statements, enough for all statements of the store.
const STATEMENTS: usize = 32;

/// Opens the store in `file`. Creates the file and its folder if it is missing and `create_missing` is set.
pub(super) fn open(file: &Path, create_missing: bool) -> Result<Box<dyn Backend>, StoreError> {
    if !file.exists() {
        if !create_missing {
            return Err(StoreError::Missing { store: file.into() });
        }
        create(file)?;
    }
    let connection =
        connect(file).map_err(|source| StoreError::failed("open", &file.into(), source.into()))?;
    Ok(Box::new(connection))
}

fn connect(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A crash of the machine may lose the last runs, which can be added again, but does not damage the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Creates a store in a temporary file and renames it, so that no other process opens an incomplete store. If another
/// process was faster, its store is used.
fn create(file: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Create { file: file.to_owned(), source };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // Like reports, the file gets the permissions that the umask allows.
    let draft = tempfile::Builder::new()
        .prefix(".history-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(failed)?;
    create_tables(draft.path())
        .map_err(|source| StoreError::failed("create the tables", &file.into(), source))?;
    match draft.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}

fn create_tables(file: &Path) -> Result<(), DatabaseError> {
    let mut connection = Connection::open(file)?;
    // With a write-ahead log, readers and the writer do not block each other. The setting is stored in the file.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let backend: &mut dyn Backend = &mut connection;
    backend.transaction(TransactionMode::Write, |backend| migrations::create(backend, &SQLITE))?;
    connection.close().map_err(|(_, error)| error.into())
}

impl Backend for Connection {
    fn migrations(&self) -> &'static [&'static str] {
        &SQLITE
    }

    fn begin(&mut self, mode: TransactionMode) -> Result<(), DatabaseError> {
        let begin = match mode {
            TransactionMode::Read => "BEGIN",
            // Takes the write lock at the start. A later upgrade would fail if another process wrote in between.
            TransactionMode::Write => "BEGIN IMMEDIATE",
        };
        self.run(begin, &[]).map(|_| ())
    }

    fn run(&mut self, statement: &str, params: &[SqlValue<'_>]) -> Result<u64, DatabaseError> {
        let rows = self.prepare_cached(statement)?.execute(params_from_iter(params))?;
        Ok(rows as u64)
    }

    fn run_script(&mut self, statements: &str) -> Result<(), DatabaseError> {
        Ok(self.execute_batch(statements)?)
    }

    fn read(
        &mut self,
        query: &str,
        params: &[SqlValue<'_>],
        take: &mut dyn FnMut(&dyn DatabaseRow) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let mut statement = self.prepare_cached(query)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

impl DatabaseRow for rusqlite::Row<'_> {
    fn number(&self, column: usize) -> Result<i64, DatabaseError> {
        Ok(self.get(column)?)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, DatabaseError> {
        Ok(self.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?)
    }
}

impl ToSql for SqlValue<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, rusqlite::Error> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}
