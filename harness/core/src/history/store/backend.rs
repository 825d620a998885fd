//! The interface to the database backends.

use std::borrow::Cow;
use std::fmt::Debug;

use super::database_error::DatabaseError;

/// A connection to a database. Placeholders in statements are `?1`, `?2` and so on.
pub(super) trait Backend: Debug + Send {
    /// The migrations of the tables, in order.
    fn migrations(&self) -> &'static [&'static str];

    /// Begins a transaction.
    fn begin(&mut self, mode: TransactionMode) -> Result<(), DatabaseError>;

    /// Runs a statement and returns the number of affected rows.
    fn run(&mut self, statement: &str, params: &[SqlValue<'_>]) -> Result<u64, DatabaseError>;

    /// Runs statements without placeholders.
    fn run_script(&mut self, statements: &str) -> Result<(), DatabaseError>;

    /// Runs a query and calls `take` for each row.
    fn read(
        &mut self,
        query: &str,
        params: &[SqlValue<'_>],
        take: &mut dyn FnMut(&dyn DatabaseRow) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError>;
}

/// The mode of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransactionMode {
    /// Reads from a consistent snapshot.
    Read,
    /// Excludes other write transactions from its beginning to its end.
    Write,
}

/// A row of a result. Columns are numbered from 0.
pub(super) trait DatabaseRow {
    /// Reads an integer.
    fn number(&self, column: usize) -> Result<i64, DatabaseError>;

    /// Reads a text; `None` for NULL.
    fn text(&self, column: usize) -> Result<Option<&str>, DatabaseError>;
}

/// The value of a placeholder.
#[derive(Debug)]
pub(super) enum SqlValue<'a> {
    Number(Option<i64>),
    Text(Option<Cow<'a, str>>),
}

impl dyn Backend + '_ {
    /// Runs `work` in a transaction: commits if it succeeds, rolls back otherwise.
    pub(super) fn transaction<T>(
        &mut self,
        mode: TransactionMode,
        work: impl FnOnce(&mut Self) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.begin(mode)?;
        let done = work(self).and_then(|done| self.run("COMMIT", &[]).map(|_| done));
        if done.is_err() {
            // If this fails too, the connection is broken, and the database rolls back.
            let _ = self.run("ROLLBACK", &[]);
        }
        done
    }

    /// Runs a query and converts all rows with `of`.
    pub(super) fn all<T>(
        &mut self,
        query: &str,
        params: &[SqlValue<'_>],
        mut of: impl FnMut(&dyn DatabaseRow) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let mut rows = Vec::new();
        self.read(query, params, &mut |row| {
            rows.push(of(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Runs a query with at most one row and returns its first column.
    pub(super) fn number(
        &mut self,
        query: &str,
        params: &[SqlValue<'_>],
    ) -> Result<Option<i64>, DatabaseError> {
        Ok(self.all(query, params, |row| row.number(0))?.pop())
    }
}

impl dyn DatabaseRow + '_ {
    /// Reads a text that must not be NULL.
    pub(super) fn required_text(&self, column: usize) -> Result<String, DatabaseError> {
        Ok(self.text(column)?.ok_or(DatabaseError::Value { column })?.to_owned())
    }

    /// Reads an owned text; `None` for NULL.
    pub(super) fn optional_text(&self, column: usize) -> Result<Option<String>, DatabaseError> {
        Ok(self.text(column)?.map(str::to_owned))
    }

    /// Reads an integer that must fit into a `u32`.
    pub(super) fn count(&self, column: usize) -> Result<u32, DatabaseError> {
        u32::try_from(self.number(column)?).map_err(|_| DatabaseError::Value { column })
    }
}

impl<'a> From<&'a str> for SqlValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl<'a> From<Option<&'a str>> for SqlValue<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(storable))
    }
}

impl From<i64> for SqlValue<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for SqlValue<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for SqlValue<'_> {
    fn from(number: u32) -> Self {
        Self::Number(Some(number.into()))
    }
}

/// Replaces NUL, which PostgreSQL does not allow in texts. Text from a cluster may contain it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}
