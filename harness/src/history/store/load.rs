//! Reading runs back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::error::StoreError;
use super::open::{Store, failed};
use crate::history::facts::Facts;
use crate::history::kept::{Attempt, CaseKey, KeptRun, Outcome};

/// Ids that cases had before, each with the one that they have now. Applied when runs are read, so that a store need
/// not be made again.
pub type Renames = BTreeMap<String, String>;

/// Which runs of a series to read.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// The last of them, by its id or the beginning of it; without one, the newest.
    pub last: Option<&'a str>,
    /// At most so many.
    pub most: u32,
}

/// A run in the list of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its series.
    pub series: String,
    /// Its id.
    pub run: String,
    /// What made it.
    pub tool: String,
    /// When it began.
    pub started: Timestamp,
    /// How many executions passed.
    pub pass: u32,
    /// How many failed.
    pub fail: u32,
    /// How many were inconclusive.
    pub inconclusive: u32,
    /// How many were skipped.
    pub skip: u32,
}

struct RunRow {
    id: i64,
    run: KeptRun,
}

impl Store {
    /// The names of the series.
    pub fn series(&self) -> Result<Vec<String>, StoreError> {
        let names = || -> Result<_, rusqlite::Error> {
            let mut select = self.connection.prepare("SELECT name FROM series ORDER BY name")?;
            select.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()
        };
        names().map_err(|source| failed("list the series", &self.file, source))
    }

    /// The runs of a series, or of all, the newest first.
    pub fn list(&self, series: Option<&str>, most: u32) -> Result<Vec<Listed>, StoreError> {
        let listed = || -> Result<_, rusqlite::Error> {
            let mut select = self.connection.prepare(
                "SELECT s.name, r.name, r.tool, r.started_us,
                        count(*) FILTER (WHERE e.outcome = 'pass'),
                        count(*) FILTER (WHERE e.outcome = 'fail'),
                        count(*) FILTER (WHERE e.outcome = 'inconclusive'),
                        count(*) FILTER (WHERE e.outcome = 'skip')
                 FROM (SELECT id, series, name, tool, started_us FROM run
                       WHERE ?1 IS NULL OR series IN (SELECT id FROM series WHERE name = ?1)
                       ORDER BY started_us DESC, name DESC LIMIT ?2) r
                 JOIN series s ON s.id = r.series
                 LEFT JOIN result e ON e.run = r.id
                 GROUP BY s.name, r.id, r.name, r.tool, r.started_us
                 ORDER BY r.started_us DESC, r.name DESC",
            )?;
            select.query_map(params![series, most], listed_of)?.collect::<Result<_, _>>()
        };
        listed().map_err(|source| failed("list the runs", &self.file, source))
    }

    /// The runs of a series up to the last of the extent, the oldest first; at least one.
    pub fn load(
        &self,
        series: &str,
        extent: Extent<'_>,
        renames: &Renames,
    ) -> Result<Vec<KeptRun>, StoreError> {
        let last = extent.last.map(|run| self.find(series, run)).transpose()?;
        let runs = read_runs(&self.connection, series, last, extent.most, renames)
            .map_err(|source| failed("read the runs", &self.file, source))?;
        if runs.is_empty() {
            return Err(StoreError::NoSeries { series: series.to_owned(), known: self.series()? });
        }
        Ok(runs)
    }

    /// The time and id of the one run whose id is `run`, or begins so.
    fn find(&self, series: &str, run: &str) -> Result<(i64, String), StoreError> {
        let found = || -> Result<Vec<(i64, String)>, rusqlite::Error> {
            let mut select = self.connection.prepare(
                "SELECT started_us, name FROM run
                 WHERE series IN (SELECT id FROM series WHERE name = ?1) AND substr(name, 1, length(?2)) = ?2
                 ORDER BY length(name) LIMIT 2",
            )?;
            select.query_map(params![series, run], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let mut found = found().map_err(|source| failed("look for a run", &self.file, source))?;
        let (run, series) = (run.to_owned(), series.to_owned());
        match found.len() {
            0 => Err(StoreError::NoRun { run, series }),
            2 if found[0].1 != run => Err(StoreError::ManyRuns { run, series }),
            _ => Ok(found.swap_remove(0)),
        }
    }
}

fn listed_of(row: &Row<'_>) -> Result<Listed, rusqlite::Error> {
    Ok(Listed {
        series: row.get(0)?,
        run: row.get(1)?,
        tool: row.get(2)?,
        started: time(row.get(3)?),
        pass: row.get(4)?,
        fail: row.get(5)?,
        inconclusive: row.get(6)?,
        skip: row.get(7)?,
    })
}

fn read_runs(
    connection: &Connection,
    series: &str,
    last: Option<(i64, String)>,
    most: u32,
    renames: &Renames,
) -> Result<Vec<KeptRun>, rusqlite::Error> {
    let series: Option<i64> = connection
        .query_row("SELECT id FROM series WHERE name = ?1", [series], |row| row.get(0))
        .optional()?;
    let Some(series) = series else { return Ok(Vec::new()) };
    let (until, name) = last.map_or((i64::MAX, None), |(until, name)| (until, Some(name)));
    let mut select = connection.prepare(
        "SELECT id, name, tool, started_us, ended_us, interrupted FROM run
         WHERE series = ?1 AND (started_us < ?2 OR (started_us = ?2 AND (?3 IS NULL OR name <= ?3)))
         ORDER BY started_us DESC, name DESC LIMIT ?4",
    )?;
    let rows: Result<Vec<_>, _> = select.query_map(params![series, until, name, most], run_of)?.collect();
    let mut rows = rows?;
    rows.reverse();
    let subjects = subjects(connection, renames)?;
    let mut results = connection.prepare(
        "SELECT e.subject, e.attempt, e.outcome, e.duration_us, why.words, what.words FROM result e
         LEFT JOIN phrase why ON why.id = e.reason LEFT JOIN phrase what ON what.id = e.signature
         WHERE e.run = ?1 ORDER BY e.subject, e.attempt",
    )?;
    let mut facts = connection
        .prepare("SELECT f.name, p.words FROM fact f JOIN phrase p ON p.id = f.phrase WHERE f.run = ?1")?;
    for RunRow { id, run } in &mut rows {
        let pairs: Result<Facts, _> = facts.query_map([*id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect();
        run.facts = pairs?;
        let attempts: Result<Vec<_>, _> =
            results.query_map([*id], |row| attempt_of(row, &subjects))?.collect();
        run.attempts = attempts?;
    }
    Ok(rows.into_iter().map(|row| row.run).collect())
}

type Subjects = HashMap<i64, (Arc<CaseKey>, u32)>;

fn subjects(connection: &Connection, renames: &Renames) -> Result<Subjects, rusqlite::Error> {
    let mut select = connection.prepare("SELECT id, name, variant, revision FROM subject")?;
    let subjects = select.query_map((), |row| {
        let name: String = row.get(1)?;
        let case = renames.get(&name).cloned().unwrap_or(name);
        Ok((row.get(0)?, (Arc::new(CaseKey { case, variant: row.get(2)? }), row.get(3)?)))
    })?;
    subjects.collect()
}

fn run_of(row: &Row<'_>) -> Result<RunRow, rusqlite::Error> {
    Ok(RunRow {
        id: row.get(0)?,
        run: KeptRun {
            id: row.get(1)?,
            tool: row.get(2)?,
            started: time(row.get(3)?),
            ended: time(row.get(4)?),
            interrupted: row.get(5)?,
            facts: Facts::new(),
            attempts: Vec::new(),
        },
    })
}

fn attempt_of(row: &Row<'_>, subjects: &Subjects) -> Result<Attempt, rusqlite::Error> {
    let subject: i64 = row.get(0)?;
    let (key, revision) = subjects.get(&subject).ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    // A word that this program does not know is not taken for a pass or a fail.
    let outcome = Outcome::of_word(row.get_ref(2)?.as_str()?).unwrap_or(Outcome::Inconclusive);
    Ok(Attempt {
        key: Arc::clone(key),
        revision: *revision,
        number: row.get(1)?,
        outcome,
        seconds: seconds(row.get(3)?),
        reason: row.get(4)?,
        signature: row.get(5)?,
    })
}

/// What is no time is the beginning of all.
fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "centuries of microseconds are exact enough")]
fn seconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1e6
}
