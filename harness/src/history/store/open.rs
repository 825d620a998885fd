//! Opening a store, or making one.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;

/// The version of the tables. A newer store is refused.
pub(super) const VERSION: i64 = 1;

const SCHEMA: &str = include_str!("schema.sql");

/// How long one who writes waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) file: PathBuf,
}

impl Store {
    /// Opens the store in `file`.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        if !file.exists() {
            return Err(StoreError::Missing { file: file.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags);
        let connection = connection.map_err(|source| failed("open", file, source))?;
        let store = Self { connection, file: file.to_owned() };
        match store.version() {
            Ok(found) if found > VERSION => Err(StoreError::Newer { file: store.file, found }),
            Ok(VERSION) => Ok(store),
            Ok(_) => Err(StoreError::Foreign { file: store.file }),
            Err(source) => Err(failed("look for the version", file, source)),
        }
    }

    /// Opens the store in `file`; makes it, and its folder, where it is missing.
    pub fn open_or_make(file: &Path) -> Result<Self, StoreError> {
        if !file.exists() {
            make(file)?;
        }
        Self::open(file)
    }

    /// Prepares the connection, and asks for the version of the tables.
    fn version(&self) -> Result<i64, rusqlite::Error> {
        self.connection.busy_timeout(PATIENCE)?;
        // What is lost when the machine stops can be added again; the file stays whole.
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.query_row("SELECT max(version) FROM schema_version", (), |row| row.get(0))
    }
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
    lay_out(draft.path()).map_err(|source| failed("make the tables", file, source))?;
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
    connection.execute("INSERT INTO schema_version (version) VALUES (?1)", [VERSION])?;
    connection.close().map_err(|(_, error)| error)
}

/// What SQLite refuses because the file is none of ours is told so.
pub(super) fn failed(action: &'static str, file: &Path, source: rusqlite::Error) -> StoreError {
    let code = source.sqlite_error_code();
    let foreign = matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        || matches!(source, rusqlite::Error::InvalidColumnType(..))
        || source.to_string().starts_with("no such table");
    let file = file.to_owned();
    if foreign { StoreError::Foreign { file } } else { StoreError::Statement { action, file, source } }
}
