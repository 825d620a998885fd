//! What the store asks of a database, whichever it is.

use std::borrow::Cow;
use std::fmt::Debug;

use thiserror::Error;

/// A connection to a database. A statement writes its placeholders `?1`, `?2`.
pub(super) trait Link: Debug + Send {
    /// Begins a transaction.
    fn begin(&mut self, access: Access) -> Result<(), Refused>;

    /// Runs a statement and tells how many rows it concerned.
    fn run(&mut self, statement: &str, given: &[Given<'_>]) -> Result<u64, Refused>;

    /// Runs a query and hands over row after row.
    fn read(
        &mut self,
        query: &str,
        given: &[Given<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), Refused>,
    ) -> Result<(), Refused>;
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It sees one state of the database to its end, whoever writes meanwhile.
    Read,
    /// It is the only one of its kind until its end, so that nobody writes between what it reads and what it writes.
    Write,
}

/// A row of an answer. Columns are counted from 0.
pub(super) trait Row {
    /// A whole number.
    fn number(&self, column: usize) -> Result<i64, Refused>;

    /// Words, where there are any.
    fn words(&self, column: usize) -> Result<Option<&str>, Refused>;
}

/// A value of a placeholder.
#[derive(Debug)]
pub(super) enum Given<'a> {
    Number(Option<i64>),
    Words(Option<Cow<'a, str>>),
}

/// What a database refused.
#[derive(Debug, Error)]
pub enum Refused {
    /// What SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What PostgreSQL refused.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// A value is not what was written.
    #[error("column {column} does not hold what it must")]
    Value {
        /// The column, from 0.
        column: usize,
    },
}

impl dyn Link + '_ {
    /// Does all of the work, or none of it.
    pub(super) fn at_once<T>(
        &mut self,
        access: Access,
        work: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.begin(access)?;
        let done = work(self).and_then(|done| self.run("COMMIT", &[]).map(|_| done));
        if done.is_err() {
            // Where not even this is possible, the connection is gone, and the transaction with it.
            let _ = self.run("ROLLBACK", &[]);
        }
        done
    }

    /// All rows of an answer.
    pub(super) fn all<T>(
        &mut self,
        query: &str,
        given: &[Given<'_>],
        mut of: impl FnMut(&dyn Row) -> Result<T, Refused>,
    ) -> Result<Vec<T>, Refused> {
        let mut rows = Vec::new();
        self.read(query, given, &mut |row| {
            rows.push(of(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The number in the one row that an answer has, or not.
    pub(super) fn number(&mut self, query: &str, given: &[Given<'_>]) -> Result<Option<i64>, Refused> {
        Ok(self.all(query, given, |row| row.number(0))?.pop())
    }
}

impl dyn Row + '_ {
    /// Words that must be there.
    pub(super) fn text(&self, column: usize) -> Result<String, Refused> {
        Ok(self.words(column)?.ok_or(Refused::Value { column })?.to_owned())
    }

    /// Words that may be there.
    pub(super) fn optional(&self, column: usize) -> Result<Option<String>, Refused> {
        Ok(self.words(column)?.map(str::to_owned))
    }

    /// A number that is small.
    pub(super) fn count(&self, column: usize) -> Result<u32, Refused> {
        u32::try_from(self.number(column)?).map_err(|_| Refused::Value { column })
    }
}

impl<'a> From<&'a str> for Given<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(Some(storable(words)))
    }
}

impl<'a> From<Option<&'a str>> for Given<'a> {
    fn from(words: Option<&'a str>) -> Self {
        Self::Words(words.map(storable))
    }
}

impl From<i64> for Given<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Given<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Given<'_> {
    fn from(number: u32) -> Self {
        Self::Number(Some(number.into()))
    }
}

/// A text of PostgreSQL holds no NUL. What a cluster wrote may.
pub(super) fn storable(words: &str) -> Cow<'_, str> {
    if words.contains('\0') { words.replace('\0', "\u{fffd}").into() } else { words.into() }
}
