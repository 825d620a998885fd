//! A store in a PostgreSQL database.
#![cfg(feature = "postgres")]

use std::collections::HashMap;
use std::fmt;

use postgres::types::{FromSql, ToSql};
use postgres::{Client, Statement};

use super::address;
use super::backend::{Backend, DatabaseRow, SqlValue, TransactionMode};
use super::database_error::DatabaseError;
use super::error::StoreError;
use super::location::{StoreLocation, Url};
use super::migrations::{self, POSTGRESQL};

/// The key of the advisory lock for writers: `podproof` in ASCII.
const LOCK: u64 = 0x706F_6470_726F_6F66;

/// A connection and its prepared statements.
struct Session {
    client: Client,
    prepared: HashMap<String, Statement>,
}

/// Opens the store in a database. Creates its tables if they are missing and `create_missing` is set.
pub(super) fn open(url: &Url, create_missing: bool) -> Result<Box<dyn Backend>, StoreError> {
    let store = StoreLocation::Database(url.clone());
    let mut session = Session { client: address::connect(url)?, prepared: HashMap::new() };
    let failed = |source: postgres::Error| StoreError::failed("look up the tables", &store, source.into());
    if session.tables().map_err(failed)? == 0 {
        if !create_missing {
            return Err(StoreError::Missing { store });
        }
        session.create().map_err(|source| StoreError::failed("create the tables", &store, source))?;
    }
    Ok(Box::new(session))
}

impl Session {
    /// The number of tables and other relations in the schema `podproof`; 0 if it does not exist.
    fn tables(&mut self) -> Result<i64, postgres::Error> {
        let query = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
                     ON n.oid = c.relnamespace WHERE n.nspname = 'podproof'";
        self.client.query_one(query, &[])?.try_get(0)
    }

    /// Creates the tables in one transaction. A concurrent caller waits for the lock and then finds them.
    fn create(&mut self) -> Result<(), DatabaseError> {
        self.begin(TransactionMode::Write)?;
        // After an error the caller drops the connection, which rolls the transaction back.
        if self.tables()? == 0 {
            let schemas = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'podproof'";
            let schemas: i64 = self.client.query_one(schemas, &[])?.try_get(0)?;
            // Not `IF NOT EXISTS`, which needs the permission to create schemas even if the schema exists: an
            // administrator may have created an empty one.
            if schemas == 0 {
                self.client.batch_execute("CREATE SCHEMA podproof")?;
            }
            migrations::create(self, &POSTGRESQL)?;
        }
        self.client.batch_execute("COMMIT")?;
        Ok(())
    }

    fn prepared(&mut self, statement: &str) -> Result<Statement, postgres::Error> {
        if let Some(known) = self.prepared.get(statement) {
            return Ok(known.clone());
        }
        let prepared = self.client.prepare(&in_dollars(statement))?;
        self.prepared.insert(statement.to_owned(), prepared.clone());
        Ok(prepared)
    }
}

/// Replaces `?1` with `$1`. Statements contain no other question marks.
fn in_dollars(statement: &str) -> String {
    statement.replace('?', "$")
}

impl Backend for Session {
    fn migrations(&self) -> &'static [&'static str] {
        &POSTGRESQL
    }

    /// Sets the session's options in each transaction, because behind a connection pooler the next transaction may run
    /// in another session.
    fn begin(&mut self, mode: TransactionMode) -> Result<(), DatabaseError> {
        let begin = match mode {
            TransactionMode::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // Each statement sees everything committed before it, including the writes of the previous lock holder.
            TransactionMode::Write => "ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        self.client.batch_execute(&format!("BEGIN {begin}; SET LOCAL search_path = podproof"))?;
        if mode == TransactionMode::Write {
            // One writer at a time, as in SQLite. Otherwise two writers could insert the same series, case or phrase,
            // or deadlock.
            self.client.batch_execute(&format!(
                "SET LOCAL lock_timeout = '30s'; SELECT pg_catalog.pg_advisory_xact_lock({LOCK})"
            ))?;
        }
        Ok(())
    }

    fn run(&mut self, statement: &str, params: &[SqlValue<'_>]) -> Result<u64, DatabaseError> {
        if params.is_empty() {
            self.client.batch_execute(statement)?;
            return Ok(0);
        }
        let statement = self.prepared(statement)?;
        Ok(self.client.execute(&statement, &values(params))?)
    }

    fn run_script(&mut self, statements: &str) -> Result<(), DatabaseError> {
        Ok(self.client.batch_execute(statements)?)
    }

    fn read(
        &mut self,
        query: &str,
        params: &[SqlValue<'_>],
        take: &mut dyn FnMut(&dyn DatabaseRow) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        let query = self.prepared(query)?;
        self.client.query(&query, &values(params))?.iter().try_for_each(|row| take(row))
    }
}

fn values<'a>(params: &'a [SqlValue<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let value = |param: &'a SqlValue<'_>| -> &'a (dyn ToSql + Sync) {
        match param {
            SqlValue::Number(number) => number,
            SqlValue::Text(text) => text,
        }
    };
    params.iter().map(value).collect()
}

impl DatabaseRow for postgres::Row {
    fn number(&self, column: usize) -> Result<i64, DatabaseError> {
        value(self, column)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, DatabaseError> {
        value(self, column)
    }
}

/// Reads a column. A NULL that `T` does not allow is an error.
fn value<'a, T: FromSql<'a>>(row: &'a postgres::Row, column: usize) -> Result<T, DatabaseError> {
    row.try_get(column).map_err(|_| DatabaseError::Value { column })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
