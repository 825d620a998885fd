//! Reading runs back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::error::StoreError;
use super::link::{Access, Given, Link, Refused, Row};
use super::open::Store;
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

/// What to read of a series, found by its last run.
struct Reach {
    series: i64,
    until: i64,
    last: Option<String>,
    most: u32,
}

/// A run without its facts and executions, and its number in the tables.
struct RunRow {
    id: i64,
    run: KeptRun,
}

impl Store {
    /// The names of the series.
    pub fn series(&mut self) -> Result<Vec<String>, StoreError> {
        let names = self.link.at_once(Access::Read, |link| {
            link.all("SELECT name FROM series ORDER BY name", &[], |row| row.text(0))
        });
        names.map_err(|source| StoreError::failed("list the series", &self.place, source))
    }

    /// The one series that has a run whose id is `run` or begins so, or any run at all.
    pub fn series_with(&mut self, run: Option<&str>) -> Result<String, StoreError> {
        let names = self.link.at_once(Access::Read, |link| {
            link.all(
                "SELECT name FROM series
                 WHERE id IN (SELECT series FROM run
                              WHERE CAST(?1 AS TEXT) IS NULL
                                 OR substr(name, 1, length(CAST(?1 AS TEXT))) = CAST(?1 AS TEXT))
                 ORDER BY name",
                &[run.into()],
                |row| row.text(0),
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

    /// The runs of a series, or of all, the newest first.
    pub fn list(&mut self, series: Option<&str>, most: u32) -> Result<Vec<Listed>, StoreError> {
        let listed = self.link.at_once(Access::Read, |link| {
            link.all(
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

    /// The runs of a series up to the last of the extent, the oldest first; at least one.
    pub fn load(
        &mut self,
        series: &str,
        extent: Extent<'_>,
        renames: &Renames,
    ) -> Result<Vec<KeptRun>, StoreError> {
        let read = self.link.at_once(Access::Read, |link| {
            let found = extent.last.map(|run| find(link, series, run)).transpose()?;
            let last = match found.as_deref() {
                None => None,
                // The one whose whole id it is comes first.
                Some([only]) => Some(only.clone()),
                Some([first, _]) if extent.last == Some(&first.1) => Some(first.clone()),
                Some(found) => return Ok(Err(found.len())),
            };
            read_runs(link, series, last, extent.most, renames).map(Ok)
        });
        let read = read.map_err(|source| StoreError::failed("read the runs", &self.place, source))?;
        let (run, series) = (extent.last.unwrap_or_default().to_owned(), series.to_owned());
        match read {
            Ok(runs) if runs.is_empty() => Err(StoreError::NoSeries { series, known: self.series()? }),
            Ok(runs) => Ok(runs),
            Err(0) => Err(StoreError::NoRun { run, series: Some(series) }),
            Err(_) => Err(StoreError::ManyRuns { run, series }),
        }
    }
}

/// The times and ids of at most two runs whose ids are `run` or begin so, the shortest first.
fn find(link: &mut dyn Link, series: &str, run: &str) -> Result<Vec<(i64, String)>, Refused> {
    link.all(
        "SELECT started_us, name FROM run
         WHERE series IN (SELECT id FROM series WHERE name = ?1)
           AND substr(name, 1, length(CAST(?2 AS TEXT))) = CAST(?2 AS TEXT)
         ORDER BY length(name) LIMIT 2",
        &[series.into(), run.into()],
        |row| Ok((row.number(0)?, row.text(1)?)),
    )
}

fn listed_of(row: &dyn Row) -> Result<Listed, Refused> {
    Ok(Listed {
        series: row.text(0)?,
        run: row.text(1)?,
        tool: row.text(2)?,
        started: time(row.number(3)?),
        pass: row.count(4)?,
        fail: row.count(5)?,
        inconclusive: row.count(6)?,
        skip: row.count(7)?,
    })
}

fn read_runs(
    link: &mut dyn Link,
    series: &str,
    last: Option<(i64, String)>,
    most: u32,
    renames: &Renames,
) -> Result<Vec<KeptRun>, Refused> {
    let Some(series) = link.number("SELECT id FROM series WHERE name = ?1", &[series.into()])? else {
        return Ok(Vec::new());
    };
    let (until, last) = last.map_or((i64::MAX, None), |(until, name)| (until, Some(name)));
    let mut rows = run_rows(link, &Reach { series, until, last, most })?;
    if let [first, .., last] | [first @ last] = rows.as_slice() {
        // By time, there may be others that began at the same moment: they are passed over.
        let span = [series.into(), micros(first).into(), micros(last).into()];
        let places: HashMap<_, _> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
        read_facts(link, &span, &places, &mut rows)?;
        read_attempts(link, &span, &places, &mut rows, renames)?;
    }
    Ok(rows.into_iter().map(|row| row.run).collect())
}

fn run_rows(link: &mut dyn Link, reach: &Reach) -> Result<Vec<RunRow>, Refused> {
    let mut rows = link.all(
        "SELECT id, name, tool, started_us, ended_us, interrupted FROM run
         WHERE series = ?1
           AND (started_us < ?2
                OR (started_us = ?2 AND (CAST(?3 AS TEXT) IS NULL OR name <= CAST(?3 AS TEXT))))
         ORDER BY started_us DESC, name DESC LIMIT ?4",
        &[reach.series.into(), reach.until.into(), reach.last.as_deref().into(), reach.most.into()],
        run_of,
    )?;
    rows.reverse();
    Ok(rows)
}

fn run_of(row: &dyn Row) -> Result<RunRow, Refused> {
    Ok(RunRow {
        id: row.number(0)?,
        run: KeptRun {
            id: row.text(1)?,
            tool: row.text(2)?,
            started: time(row.number(3)?),
            ended: time(row.number(4)?),
            interrupted: row.optional(5)?,
            facts: Facts::new(),
            attempts: Vec::new(),
        },
    })
}

fn micros(row: &RunRow) -> i64 {
    row.run.started.as_microsecond()
}

fn read_facts(
    link: &mut dyn Link,
    span: &[Given<'_>],
    places: &HashMap<i64, usize>,
    rows: &mut [RunRow],
) -> Result<(), Refused> {
    link.read(
        "SELECT f.run, f.name, p.words FROM run r JOIN fact f ON f.run = r.id JOIN phrase p ON p.id = f.phrase
         WHERE r.series = ?1 AND r.started_us BETWEEN ?2 AND ?3",
        span,
        &mut |row| {
            if let Some(&place) = places.get(&row.number(0)?) {
                rows[place].run.facts.insert(row.text(1)?, row.text(2)?);
            }
            Ok(())
        },
    )
}

fn read_attempts(
    link: &mut dyn Link,
    span: &[Given<'_>],
    places: &HashMap<i64, usize>,
    rows: &mut [RunRow],
    renames: &Renames,
) -> Result<(), Refused> {
    let subjects = subjects(link, renames)?;
    let mut attempts: Vec<Vec<(i64, Attempt)>> = rows.iter().map(|_| Vec::new()).collect();
    link.read(
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

fn subjects(link: &mut dyn Link, renames: &Renames) -> Result<Subjects, Refused> {
    let subjects = link.all("SELECT id, name, variant, revision FROM subject", &[], |row| {
        let name = row.text(1)?;
        let case = renames.get(&name).cloned().unwrap_or(name);
        Ok((row.number(0)?, (Arc::new(CaseKey { case, variant: row.text(2)? }), row.count(3)?)))
    })?;
    Ok(subjects.into_iter().collect())
}

fn attempt_of(row: &dyn Row, subjects: &Subjects) -> Result<Attempt, Refused> {
    let (key, revision) = subjects.get(&row.number(1)?).ok_or(Refused::Value { column: 1 })?;
    // A word that this program does not know is not taken for a pass or a fail.
    let outcome = row.words(4)?.and_then(Outcome::of_word).unwrap_or(Outcome::Inconclusive);
    Ok(Attempt {
        key: Arc::clone(key),
        revision: *revision,
        round: row.count(2)?,
        number: row.count(3)?,
        outcome,
        seconds: seconds(row.number(5)?),
        reason: row.optional(6)?,
        signature: row.optional(7)?,
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
