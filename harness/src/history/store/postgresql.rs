//! A store in a database of PostgreSQL.
#![cfg(feature = "postgres")]

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::io;

use postgres::error::SqlState;
use postgres::types::{FromSql, ToSql};
use postgres::{Client, Statement};

use super::address;
use super::error::StoreError;
use super::link::{Access, Given, Link, Refused, Row};
use super::open::{SET_VERSION, VERSION};
use super::place::{Place, Url};

const SCHEMA: &str = include_str!("schema.postgres.sql");

/// The number of the lock of those who write: the letters of `podproof`.
const LOCK: u64 = 0x706F_6470_726F_6F66;

/// A connection, and the statements that the server has prepared for it.
struct Session {
    client: Client,
    prepared: HashMap<String, Statement>,
}

/// Opens the store in a database; makes its tables where there are none and that is wanted.
pub(super) fn open(url: &Url, make_missing: bool) -> Result<Box<dyn Link>, StoreError> {
    let store = Place::Database(url.clone());
    let mut session = Session { client: address::connect(url)?, prepared: HashMap::new() };
    let failed = |source: postgres::Error| StoreError::failed("look for the tables", &store, source.into());
    if session.tables().map_err(failed)? == 0 {
        if !make_missing {
            return Err(StoreError::Missing { store });
        }
        session.make().map_err(|source| StoreError::failed("make the tables", &store, source))?;
    }
    Ok(Box::new(session))
}

/// Whether the tables are none of ours.
pub(super) fn is_foreign(error: &postgres::Error) -> bool {
    matches!(error.code(), Some(&(SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN)))
}

/// What makes a database be had that was not.
pub(super) fn remedy(error: &postgres::Error) -> &'static str {
    let unheard = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let by_us = unheard
        .and_then(io::Error::get_ref)
        .is_some_and(|cause| cause.downcast_ref::<rustls::Error>().is_some());
    if error.as_db_error().is_some() {
        "the server is there: check the user, the password and the database in the URL"
    } else if unheard.is_some() && !by_us {
        "check that the server is up, and the host and the port in the URL"
    } else {
        "the server may want a password; a certificate that is not trusted needs its root, by sslrootcert=FILE in the \
         URL; sslmode=disable does without TLS"
    }
}

impl Session {
    /// How many tables and the like our schema has; without it, none.
    fn tables(&mut self) -> Result<i64, postgres::Error> {
        let query = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
                     ON n.oid = c.relnamespace WHERE n.nspname = 'podproof'";
        self.client.query_one(query, &[])?.try_get(0)
    }

    /// Makes the tables, all or none. Who makes them at the same time waits, and then finds them.
    fn make(&mut self) -> Result<(), Refused> {
        self.begin(Access::Write)?;
        // Where an error leaves the transaction open, the connection is closed and the transaction undone.
        if self.tables()? == 0 {
            let schemas = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'podproof'";
            let schemas: i64 = self.client.query_one(schemas, &[])?.try_get(0)?;
            // Who may not make schemas can be given one that is empty: even `IF NOT EXISTS` asks for the right.
            if schemas == 0 {
                self.client.batch_execute("CREATE SCHEMA podproof")?;
            }
            self.client.batch_execute(SCHEMA)?;
            self.run(SET_VERSION, &[VERSION.into()])?;
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

/// The statement with `$1` for `?1`. No statement has a question mark that is none of these.
fn in_dollars(statement: &str) -> String {
    statement.replace('?', "$")
}

impl Link for Session {
    /// What a session would remember is said anew in each transaction: behind a pooler, the next may be another
    /// session.
    fn begin(&mut self, access: Access) -> Result<(), Refused> {
        let begin = match access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // Each statement sees what was committed before it, and so what others wrote before they gave the lock.
            Access::Write => "ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        self.client.batch_execute(&format!("BEGIN {begin}; SET LOCAL search_path = podproof"))?;
        if access == Access::Write {
            // One writer at a time, as in SQLite: a series, a case or a phrase that two meet at once is then written
            // by one and found by the other, and nobody waits for somebody who waits for him.
            self.client.batch_execute(&format!(
                "SET LOCAL lock_timeout = '30s'; SELECT pg_catalog.pg_advisory_xact_lock({LOCK})"
            ))?;
        }
        Ok(())
    }

    fn run(&mut self, statement: &str, given: &[Given<'_>]) -> Result<u64, Refused> {
        if given.is_empty() {
            self.client.batch_execute(statement)?;
            return Ok(0);
        }
        let statement = self.prepared(statement)?;
        Ok(self.client.execute(&statement, &values(given))?)
    }

    fn read(
        &mut self,
        query: &str,
        given: &[Given<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let query = self.prepared(query)?;
        self.client.query(&query, &values(given))?.iter().try_for_each(|row| take(row))
    }
}

fn values<'a>(given: &'a [Given<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let value = |given: &'a Given<'_>| -> &'a (dyn ToSql + Sync) {
        match given {
            Given::Number(number) => number,
            Given::Words(words) => words,
        }
    };
    given.iter().map(value).collect()
}

impl Row for postgres::Row {
    fn number(&self, column: usize) -> Result<i64, Refused> {
        value(self, column)
    }

    fn words(&self, column: usize) -> Result<Option<&str>, Refused> {
        value(self, column)
    }
}

/// A NULL where a value must be is no value.
fn value<'a, T: FromSql<'a>>(row: &'a postgres::Row, column: usize) -> Result<T, Refused> {
    row.try_get(column).map_err(|_| Refused::Value { column })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
