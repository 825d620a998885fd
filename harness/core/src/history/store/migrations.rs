//! The migrations of the tables.
//!
//! Migration 1 creates the tables of version 1, and each later one brings them from the version before it to its own. A
//! new store runs them all, so there is one definition of the tables. A released migration never changes: a new version
//! is a new file per database, and an entry in both lists. There is no way back; a program refuses a newer store.

use super::backend::{Backend, TransactionMode};
use super::database_error::DatabaseError;

/// The migrations of a store in SQLite.
pub(super) const SQLITE: [&str; 2] =
    [include_str!("schema/sqlite/0001.sql"), include_str!("schema/sqlite/0002.sql")];

/// The migrations of a store in PostgreSQL.
#[cfg(feature = "postgres")]
pub(super) const POSTGRESQL: [&str; SQLITE.len()] =
    [include_str!("schema/postgresql/0001.sql"), include_str!("schema/postgresql/0002.sql")];

/// The newest version of the tables, which this program uses.
#[expect(clippy::cast_possible_wrap, reason = "a short list")]
pub(super) const VERSION: i64 = SQLITE.len() as i64;

/// Reads the version of the tables.
pub(super) const READ_VERSION: &str = "SELECT max(version) FROM schema_version";

/// Creates the tables of the newest version. The caller begins and commits the transaction.
pub(super) fn create(backend: &mut dyn Backend, migrations: &[&str]) -> Result<(), DatabaseError> {
    (1..).zip(migrations).try_for_each(|(version, statements)| apply(backend, version, statements))
}

/// Brings tables of version `found` to the next version, in one transaction. Returns the version after it, which is
/// another one if another process was faster. After an error the tables are as before.
pub(super) fn upgrade(
    backend: &mut dyn Backend,
    migrations: &[&str],
    found: i64,
) -> Result<Option<i64>, DatabaseError> {
    backend.transaction(TransactionMode::Write, |backend| {
        // The transaction excludes other writers, so this answer stays true.
        let current = backend.number(READ_VERSION, &[])?;
        let migration = usize::try_from(found).ok().and_then(|applied| migrations.get(applied));
        match migration {
            Some(statements) if current == Some(found) => {
                apply(backend, found + 1, statements)?;
                Ok(Some(found + 1))
            }
            _ => Ok(current),
        }
    })
}

/// Runs a migration and records its version.
fn apply(backend: &mut dyn Backend, version: i64, statements: &str) -> Result<(), DatabaseError> {
    backend.run_script(statements)?;
    backend.run("DELETE FROM schema_version", &[])?;
    backend.run("INSERT INTO schema_version (version) VALUES (?1)", &[version.into()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::{Backend, READ_VERSION, SQLITE, TransactionMode, apply, create, upgrade};

    const ONE: &str = "CREATE TABLE schema_version (version BIGINT NOT NULL); CREATE TABLE a (b TEXT)";
    const TWO: &str = "ALTER TABLE a ADD COLUMN c TEXT; INSERT INTO a (b, c) VALUES ('b', 'c')";

    fn version(store: &mut dyn Backend) -> Option<i64> {
        store.number(READ_VERSION, &[]).unwrap()
    }

    fn columns(connection: &Connection) -> usize {
        connection.prepare("SELECT * FROM a").unwrap().column_count()
    }

    fn store(migrations: &[&str]) -> Connection {
        let mut store = Connection::open_in_memory().unwrap();
        create(&mut store, migrations).unwrap();
        store
    }

    #[test]
    fn a_store_is_brought_up_one_version_at_a_time() {
        let mut store = store(&[ONE]);
        let three = "CREATE TABLE d (e TEXT)";
        for expected in [2, 3, 3] {
            let found = version(&mut store).unwrap();
            assert_eq!(upgrade(&mut store, &[ONE, TWO, three], found).unwrap(), Some(expected));
        }
        assert_eq!(columns(&store), 2);
    }

    #[test]
    fn a_migration_that_another_process_ran_is_not_repeated() {
        let mut store = store(&[ONE, TWO]);
        assert_eq!(upgrade(&mut store, &[ONE, TWO], 1).unwrap(), Some(2));
        let rows: i64 = store.query_row("SELECT count(*) FROM a", (), |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut store = store(&[ONE]);
        let broken = format!("{TWO}; DROP TABLE nowhere");
        for _ in 0..2 {
            upgrade(&mut store, &[ONE, &broken], 1).unwrap_err();
            assert_eq!((version(&mut store), columns(&store)), (Some(1), 1));
        }
        // The connection is still usable.
        assert_eq!(upgrade(&mut store, &[ONE, TWO], 1).unwrap(), Some(2));
    }

    #[test]
    fn a_crash_during_a_migration_leaves_the_old_version() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.db");
        let mut store = Connection::open(&file).unwrap();
        store.pragma_update(None, "journal_mode", "WAL").unwrap();
        create(&mut store, &SQLITE[..1]).unwrap();
        let phrases = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                       INSERT INTO phrase (words) SELECT hex(zeroblob(200)) || i FROM n";
        store.execute_batch(phrases).unwrap();
        // A small cache writes pages to the log before the transaction ends.
        store.pragma_update(None, "cache_size", 2).unwrap();
        store.begin(TransactionMode::Write).unwrap();
        apply(&mut store, 2, &format!("{}; UPDATE phrase SET words = words || '!'", SQLITE[1])).unwrap();
        // What a crash leaves: the files as they are now, without a commit.
        let crashed = folder.path().join("crashed.db");
        for ending in ["", "-wal"] {
            let [from, to] = [&file, &crashed].map(|file| format!("{}{ending}", file.display()));
            fs::copy(from, to).unwrap();
        }
        let log = fs::metadata(folder.path().join("crashed.db-wal")).unwrap().len();
        assert!(log > 2 * 400 * 2000, "the log has no pages of the transaction: {log} bytes");
        let mut crashed = Connection::open(&crashed).unwrap();
        assert_eq!(version(&mut crashed), Some(1));
        let changed = "SELECT count(*) FROM phrase WHERE words LIKE '%!'";
        assert_eq!(crashed.query_row(changed, (), |row| row.get::<_, i64>(0)).unwrap(), 0);
        assert_eq!(upgrade(&mut crashed, &SQLITE, 1).unwrap(), Some(2));
    }
}
