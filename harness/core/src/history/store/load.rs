//! Reads runs from the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::backend::{Backend, DatabaseRow, SqlValue, TransactionMode};
use super::database_error::DatabaseError;
use super::error::StoreError;
use super::open::Store;
use crate::history::facts::EnvironmentFacts;
use crate::history::listed::ListedRun;
use crate::history::model::{CaseAttempt, CaseKey, CaseOutcome, HistoryRun};
use crate::history::tally::Tally;

/// The old ids of renamed cases, with their current ids. Applied when runs are read, so that the store does not have to
/// be recreated.
pub type Renames = BTreeMap<String, String>;

/// Which runs of a series to read.
#[derive(Clone, Copy, Debug)]
pub struct RunRange<'a> {
    /// The last run, by its id or a prefix of it; the newest run if `None`.
    pub last: Option<&'a str>,
    /// The maximum number of runs.
    pub most: u32,
}

/// Selects the runs of a series up to a last one.
struct RunQuery {
    series: i64,
    /// The start of the last run, in microseconds.
    until: i64,
    /// The id of the last run.
    last: Option<String>,
    /// The maximum number of runs.
    most: u32,
}

/// A run without its facts and executions, and its row id.
struct RunRow {
    id: i64,
    run: HistoryRun,
}

impl Store {
    /// The names of the series.
    pub fn series(&mut self) -> Result<Vec<String>, StoreError> {
        let names = self.backend.transaction(TransactionMode::Read, |backend| {
            backend.all("SELECT name FROM series ORDER BY name", &[], |row| row.required_text(0))
        });
        names.map_err(|source| StoreError::failed("list the series", &self.place, source))
    }

    /// The only series that has a run whose id is or begins with `run`, or the only series that has runs.
    pub fn series_with(&mut self, run: Option<&str>) -> Result<String, StoreError> {
        let names = self.backend.transaction(TransactionMode::Read, |backend| {
            backend.all(
                "SELECT name FROM series
                 WHERE id IN (SELECT series FROM run
                              WHERE CAST(?1 AS TEXT) IS NULL
                                 OR substr(name, 1, length(CAST(?1 AS TEXT))) = CAST(?1 AS TEXT))
                 ORDER BY name",
                &[run.into()],
                |row| row.required_text(0),
            )
        });
        let mut names =
            names.map_err(|source| StoreError::failed("look for a series", &self.place, source))?;
        match (names.pop(), run) {
            (Some(only), _) if names.is_empty() => Ok(only),
            (Some(last), _) => {
                names.push(last);
                Err(StoreError::ManySeries { known: names })
            }
            (None, Some(run)) => Err(StoreError::NoRun { run: run.to_owned(), series: None }),
            (None, None) => Err(StoreError::Empty),
        }
    }

    /// At most `most` runs of a series, or of all series, the newest first.
    pub fn list(&mut self, series: Option<&str>, most: u32) -> Result<Vec<ListedRun>, StoreError> {
        let listed = self.backend.transaction(TransactionMode::Read, |backend| {
            backend.all(
                "SELECT s.name, r.name, r.tool, r.started_us,
                        count(*) FILTER (WHERE e.outcome = 'pass'),
                        count(*) FILTER (WHERE e.outcome = 'fail'),
                        count(*) FILTER (WHERE e.outcome = 'inconclusive'),
                        count(*) FILTER (WHERE e.outcome = 'skip')
                 FROM (SELECT id, series, name, tool, started_us FROM run
                       WHERE CAST(?1 AS TEXT) IS NULL
                          OR series IN (SELECT id FROM series WHERE name = CAST(?1 AS TEXT))
                       ORDER BY started_us DESC, name DESC LIMIT ?2) r
                 JOIN series s ON s.id = r.series
                 LEFT JOIN result e ON e.run = r.id
                 GROUP BY s.name, r.id, r.name, r.tool, r.started_us
                 ORDER BY r.started_us DESC, r.name DESC, s.name",
                &[series.into(), most.into()],
                listed_of,
            )
        });
        listed.map_err(|source| StoreError::failed("list the runs", &self.place, source))
    }

    /// The runs of a series within `range`, the oldest first. Returns at least one run or an error.
    pub fn load(
        &mut self,
        series: &str,
        range: RunRange<'_>,
        renames: &Renames,
    ) -> Result<Vec<HistoryRun>, StoreError> {
        let read = self.backend.transaction(TransactionMode::Read, |backend| {
            let found = range.last.map(|run| find(backend, series, run)).transpose()?;
            let last = match found.as_deref() {
                None => None,
                // A run with exactly this id comes first.
                Some([only]) => Some(only.clone()),
                Some([first, _]) if range.last == Some(&first.1) => Some(first.clone()),
                Some(found) => return Ok(Err(found.len())),
            };
            read_runs(backend, series, last, range.most, renames).map(Ok)
        });
        let read = read.map_err(|source| StoreError::failed("read the runs", &self.place, source))?;
        let (run, series) = (range.last.unwrap_or_default().to_owned(), series.to_owned());
        match read {
            Ok(runs) if runs.is_empty() => Err(StoreError::NoSeries { series, known: self.series()? }),
            Ok(runs) => Ok(runs),
            Err(0) => Err(StoreError::NoRun { run, series: Some(series) }),
            Err(_) => Err(StoreError::ManyRuns { run, series }),
        }
    }
}

/// The start times and ids of at most two runs whose ids are or begin with `run`, the shortest id first.
fn find(backend: &mut dyn Backend, series: &str, run: &str) -> Result<Vec<(i64, String)>, DatabaseError> {
    backend.all(
        "SELECT started_us, name FROM run
         WHERE series IN (SELECT id FROM series WHERE name = ?1)
           AND substr(name, 1, length(CAST(?2 AS TEXT))) = CAST(?2 AS TEXT)
         ORDER BY length(name) LIMIT 2",
        &[series.into(), run.into()],
        |row| Ok((row.number(0)?, row.required_text(1)?)),
    )
}

fn listed_of(row: &dyn DatabaseRow) -> Result<ListedRun, DatabaseError> {
    Ok(ListedRun {
        series: row.required_text(0)?,
        run: row.required_text(1)?,
        tool: row.required_text(2)?,
        started: time(row.number(3)?),
        tally: Tally {
            pass: row.count(4)?,
            fail: row.count(5)?,
            inconclusive: row.count(6)?,
            skip: row.count(7)?,
        },
    })
}

fn read_runs(
    backend: &mut dyn Backend,
    series: &str,
    last: Option<(i64, String)>,
    most: u32,
    renames: &Renames,
) -> Result<Vec<HistoryRun>, DatabaseError> {
    let Some(series) = backend.number("SELECT id FROM series WHERE name = ?1", &[series.into()])? else {
        return Ok(Vec::new());
    };
    let (until, last) = last.map_or((i64::MAX, None), |(until, name)| (until, Some(name)));
    let mut rows = run_rows(backend, &RunQuery { series, until, last, most })?;
    if let [first, .., last] | [first @ last] = rows.as_slice() {
        // The time span may contain other runs that started at the same time; `places` filters them out.
        let span = [series.into(), micros(first).into(), micros(last).into()];
        let places: HashMap<_, _> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
        read_facts(backend, &span, &places, &mut rows)?;
        read_attempts(backend, &span, &places, &mut rows, renames)?;
    }
    Ok(rows.into_iter().map(|row| row.run).collect())
}

fn run_rows(backend: &mut dyn Backend, query: &RunQuery) -> Result<Vec<RunRow>, DatabaseError> {
    let mut rows = backend.all(
        "SELECT id, name, tool, started_us, ended_us, interrupted FROM run
         WHERE series = ?1
           AND (started_us < ?2
                OR (started_us = ?2 AND (CAST(?3 AS TEXT) IS NULL OR name <= CAST(?3 AS TEXT))))
         ORDER BY started_us DESC, name DESC LIMIT ?4",
        &[query.series.into(), query.until.into(), query.last.as_deref().into(), query.most.into()],
        run_of,
    )?;
    rows.reverse();
    Ok(rows)
}

fn run_of(row: &dyn DatabaseRow) -> Result<RunRow, DatabaseError> {
    Ok(RunRow {
        id: row.number(0)?,
        run: HistoryRun {
            id: row.required_text(1)?,
            tool: row.required_text(2)?,
            started: time(row.number(3)?),
            ended: time(row.number(4)?),
            interrupted: row.optional_text(5)?,
            facts: EnvironmentFacts::new(),
            attempts: Vec::new(),
        },
    })
}

fn micros(row: &RunRow) -> i64 {
    row.run.started.as_microsecond()
}

fn read_facts(
    backend: &mut dyn Backend,
    span: &[SqlValue<'_>],
    places: &HashMap<i64, usize>,
    rows: &mut [RunRow],
) -> Result<(), DatabaseError> {
    backend.read(
        "SELECT f.run, f.name, p.words FROM run r JOIN fact f ON f.run = r.id JOIN phrase p ON p.id = f.phrase
         WHERE r.series = ?1 AND r.started_us BETWEEN ?2 AND ?3",
        span,
        &mut |row| {
            if let Some(&place) = places.get(&row.number(0)?) {
                rows[place].run.facts.insert(row.required_text(1)?, row.required_text(2)?);
            }
            Ok(())
        },
    )
}

fn read_attempts(
    backend: &mut dyn Backend,
    span: &[SqlValue<'_>],
    places: &HashMap<i64, usize>,
    rows: &mut [RunRow],
    renames: &Renames,
) -> Result<(), DatabaseError> {
    let subjects = subjects(backend, renames)?;
    let mut attempts: Vec<Vec<(i64, CaseAttempt)>> = rows.iter().map(|_| Vec::new()).collect();
    backend.read(
        "SELECT e.run, e.subject, e.round, e.attempt, e.outcome, e.duration_us, why.words, what.words
         FROM run r JOIN result e ON e.run = r.id
         LEFT JOIN phrase why ON why.id = e.reason LEFT JOIN phrase what ON what.id = e.signature
         WHERE r.series = ?1 AND r.started_us BETWEEN ?2 AND ?3",
        span,
        &mut |row| {
            if let Some(&place) = places.get(&row.number(0)?) {
                attempts[place].push((row.number(1)?, attempt_of(row, &subjects)?));
            }
            Ok(())
        },
    )?;
    for (row, mut attempts) in rows.iter_mut().zip(attempts) {
        attempts.sort_by_key(|(subject, attempt)| (*subject, attempt.round, attempt.number));
        row.run.attempts = attempts.into_iter().map(|(_, attempt)| attempt).collect();
    }
    Ok(())
}

type Subjects = HashMap<i64, (Arc<CaseKey>, u32)>;

fn subjects(backend: &mut dyn Backend, renames: &Renames) -> Result<Subjects, DatabaseError> {
    let subjects = backend.all("SELECT id, name, variant, revision FROM subject", &[], |row| {
        let name = row.required_text(1)?;
        let case = renames.get(&name).cloned().unwrap_or(name);
        Ok((row.number(0)?, (Arc::new(CaseKey { case, variant: row.required_text(2)? }), row.count(3)?)))
    })?;
    Ok(subjects.into_iter().collect())
}

fn attempt_of(row: &dyn DatabaseRow, subjects: &Subjects) -> Result<CaseAttempt, DatabaseError> {
    let (key, revision) = subjects.get(&row.number(1)?).ok_or(DatabaseError::Value { column: 1 })?;
    // An unknown outcome is neither a pass nor a fail.
    let outcome = row.text(4)?.and_then(CaseOutcome::from_word).unwrap_or(CaseOutcome::Inconclusive);
    Ok(CaseAttempt {
        key: Arc::clone(key),
        revision: *revision,
        round: row.count(2)?,
        number: row.count(3)?,
        outcome,
        seconds: seconds(row.number(5)?),
        reason: row.optional_text(6)?,
        signature: row.optional_text(7)?,
    })
}

/// Converts microseconds to a time. An invalid value becomes the Unix epoch.
fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "centuries of microseconds are exact enough")]
fn seconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1e6
}
