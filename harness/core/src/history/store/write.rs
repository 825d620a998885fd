//! Adds runs to the store.

use std::collections::HashMap;

use super::backend::{Backend, SqlValue, TransactionMode, storable};
use super::database_error::DatabaseError;
use super::error::StoreError;
use super::open::Store;
use crate::history::model::{CaseAttempt, HistoryRun};

/// The number of executions inserted by one statement. Over a network each statement costs a round trip.
const BATCH_SIZE: usize = 100;

/// The result of adding a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The series did not have the run.
    New,
    /// The series had the run, which was replaced.
    Again,
}

impl Store {
    /// Adds a run to a series in one transaction. Replaces a run with the same id.
    ///
    /// The transaction excludes other writers, so a row that a query did not find can be inserted without a conflict.
    pub fn add(&mut self, series: &str, run: &HistoryRun) -> Result<Added, StoreError> {
        let added = self.backend.transaction(TransactionMode::Write, |backend| write(backend, series, run));
        added.map_err(|source| StoreError::failed("add a run", &self.place, source))
    }
}

fn write(backend: &mut dyn Backend, series: &str, run: &HistoryRun) -> Result<Added, DatabaseError> {
    let series = series_id(backend, series)?;
    let name = run.id.as_str();
    let removed =
        backend.run("DELETE FROM run WHERE series = ?1 AND name = ?2", &[series.into(), name.into()])?;
    let id = insert(
        backend,
        "INSERT INTO run (series, name, tool, started_us, ended_us, interrupted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        &[
            series.into(),
            name.into(),
            run.tool.as_str().into(),
            run.started.as_microsecond().into(),
            run.ended.as_microsecond().into(),
            run.interrupted.as_deref().into(),
        ],
    )?;
    let mut phrases = Phrases::default();
    for (name, value) in &run.facts {
        let phrase = phrases.id(backend, value)?;
        let params = [id.into(), name.as_str().into(), phrase.into()];
        backend.run("INSERT INTO fact (run, name, phrase) VALUES (?1, ?2, ?3)", &params)?;
    }
    write_attempts(backend, id, &run.attempts, &mut phrases)?;
    Ok(if removed == 0 { Added::New } else { Added::Again })
}

fn series_id(backend: &mut dyn Backend, name: &str) -> Result<i64, DatabaseError> {
    match backend.number("SELECT id FROM series WHERE name = ?1", &[name.into()])? {
        Some(id) => Ok(id),
        None => insert(backend, "INSERT INTO series (name) VALUES (?1) RETURNING id", &[name.into()]),
    }
}

/// Runs an INSERT and returns the id of the new row.
fn insert(backend: &mut dyn Backend, statement: &str, params: &[SqlValue<'_>]) -> Result<i64, DatabaseError> {
    backend.number(statement, params)?.ok_or(DatabaseError::Value { column: 0 })
}

fn write_attempts(
    backend: &mut dyn Backend,
    run: i64,
    attempts: &[CaseAttempt],
    phrases: &mut Phrases,
) -> Result<(), DatabaseError> {
    // Number the attempts here: other tools may number repetitions in any way.
    let mut numbers: HashMap<(i64, u32), u32> = HashMap::new();
    let mut subjects = Subjects::read(backend)?;
    for attempts in attempts.chunks(BATCH_SIZE) {
        let mut params = Vec::with_capacity(attempts.len() * RESULT.len());
        for attempt in attempts {
            let subject = subjects.id(backend, attempt)?;
            let number = numbers.entry((subject, attempt.round)).or_default();
            *number += 1;
            let row: [SqlValue<'_>; RESULT.len()] = [
                run.into(),
                subject.into(),
                attempt.round.into(),
                (*number).into(),
                attempt.outcome.word().into(),
                microseconds(attempt.seconds).into(),
                phrases.optional_id(backend, attempt.reason.as_deref())?.into(),
                phrases.optional_id(backend, attempt.signature.as_deref())?.into(),
            ];
            params.extend(row);
        }
        backend.run(&insert_results(attempts.len()), &params)?;
    }
    Ok(())
}

const RESULT: [&str; 8] =
    ["run", "subject", "round", "attempt", "outcome", "duration_us", "reason", "signature"];

/// The statement that inserts `rows` results.
fn insert_results(rows: usize) -> String {
    let row = |row: usize| {
        let places = (1..=RESULT.len()).map(|column| format!("?{}", row * RESULT.len() + column));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("INSERT INTO result ({}) VALUES {}", RESULT.join(", "), rows.join(", "))
}

/// The ids of cases, by name, variant and revision.
struct Subjects(HashMap<(String, String, u32), i64>);

impl Subjects {
    fn read(backend: &mut dyn Backend) -> Result<Self, DatabaseError> {
        let known = backend.all("SELECT name, variant, revision, id FROM subject", &[], |row| {
            Ok(((row.required_text(0)?, row.required_text(1)?, row.count(2)?), row.number(3)?))
        })?;
        Ok(Self(known.into_iter().collect()))
    }

    fn id(&mut self, backend: &mut dyn Backend, attempt: &CaseAttempt) -> Result<i64, DatabaseError> {
        let [name, variant] =
            [&attempt.key.case, &attempt.key.variant].map(|text| storable(text).into_owned());
        let key = (name, variant, attempt.revision);
        if let Some(id) = self.0.get(&key) {
            return Ok(*id);
        }
        let id = insert(
            backend,
            "INSERT INTO subject (name, variant, revision) VALUES (?1, ?2, ?3) RETURNING id",
            &[key.0.as_str().into(), key.1.as_str().into(), key.2.into()],
        )?;
        self.0.insert(key, id);
        Ok(id)
    }
}

/// The ids of the phrases of one run.
#[derive(Default)]
struct Phrases(HashMap<String, i64>);

impl Phrases {
    fn id(&mut self, backend: &mut dyn Backend, text: &str) -> Result<i64, DatabaseError> {
        if let Some(id) = self.0.get(text) {
            return Ok(*id);
        }
        let id = match backend.number("SELECT id FROM phrase WHERE words = ?1", &[text.into()])? {
            Some(id) => id,
            None => insert(backend, "INSERT INTO phrase (words) VALUES (?1) RETURNING id", &[text.into()])?,
        };
        self.0.insert(text.to_owned(), id);
        Ok(id)
    }

    fn optional_id(
        &mut self,
        backend: &mut dyn Backend,
        text: Option<&str>,
    ) -> Result<Option<i64>, DatabaseError> {
        text.map(|text| self.id(backend, text)).transpose()
    }
}

/// Converts seconds to microseconds. NaN becomes 0.
#[expect(clippy::cast_possible_truncation, reason = "the cast stops at the ends of the type")]
fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
