//! A store in a file of SQLite.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use super::error::StoreError;
use super::link::{Access, Given, Link, Refused, Row};
use super::open::{SET_VERSION, VERSION};

const SCHEMA: &str = include_str!("schema.sql");

/// How long one who writes waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many statements are kept prepared: all that there are.
const STATEMENTS: usize = 32;

/// Opens the store in `file`; makes it, and its folder, where it is missing and that is wanted.
pub(super) fn open(file: &Path, make_missing: bool) -> Result<Box<dyn Link>, StoreError> {
    if !file.exists() {
        if !make_missing {
            return Err(StoreError::Missing { store: file.into() });
        }
        make(file)?;
    }
    let link = link(file).map_err(|source| StoreError::failed("open", &file.into(), source.into()))?;
    Ok(Box::new(link))
}

fn link(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What is lost when the machine stops can be added again; the file stays whole.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Makes a store beside its place and puts it there whole, so that nobody ever opens half of one. Where somebody was
/// faster, theirs is taken.
fn make(file: &Path) -> Result<(), StoreError> {
    let refused = |source| StoreError::Made { file: file.to_owned(), source };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(refused)?;
    // Whom the umask allows may read it, as with reports.
    let draft = tempfile::Builder::new()
        .prefix(".history-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(refused)?;
    lay_out(draft.path())
        .map_err(|source| StoreError::failed("make the tables", &file.into(), source.into()))?;
    match draft.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(error.error)),
    }
}

fn lay_out(file: &Path) -> Result<(), rusqlite::Error> {
    let connection = Connection::open(file)?;
    // Readers and one writer do not wait for each other; the file remembers it.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(SCHEMA)?;
    connection.execute(SET_VERSION, [VERSION])?;
    connection.close().map_err(|(_, error)| error)
}

/// Whether the file is none of ours.
pub(super) fn is_foreign(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        || matches!(error, rusqlite::Error::InvalidColumnType(..))
        || error.to_string().starts_with("no such table")
}

impl Link for Connection {
    fn begin(&mut self, access: Access) -> Result<(), Refused> {
        let begin = match access {
            Access::Read => "BEGIN",
            // Who takes the lock at once never finds that another has written since it read.
            Access::Write => "BEGIN IMMEDIATE",
        };
        self.run(begin, &[]).map(|_| ())
    }

    fn run(&mut self, statement: &str, given: &[Given<'_>]) -> Result<u64, Refused> {
        let rows = self.prepare_cached(statement)?.execute(params_from_iter(given))?;
        Ok(rows as u64)
    }

    fn read(
        &mut self,
        query: &str,
        given: &[Given<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut statement = self.prepare_cached(query)?;
        let mut rows = statement.query(params_from_iter(given))?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

impl Row for rusqlite::Row<'_> {
    fn number(&self, column: usize) -> Result<i64, Refused> {
        Ok(self.get(column)?)
    }

    fn words(&self, column: usize) -> Result<Option<&str>, Refused> {
        Ok(self.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?)
    }
}

impl ToSql for Given<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, rusqlite::Error> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Words(words) => words.to_sql(),
        }
    }
}
