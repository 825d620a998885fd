//! Adding runs.

use std::collections::HashMap;

use rusqlite::{Statement, Transaction, TransactionBehavior, params};

use super::error::StoreError;
use super::open::{Store, failed};
use crate::history::kept::{Attempt, KeptRun};

/// What adding a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The run is new in its series.
    New,
    /// The run was there; what was kept of it is now what was given.
    Again,
}

impl Store {
    /// Adds a run to a series: the whole of it or nothing. A run that is there already is kept as it is given now.
    pub fn add(&mut self, series: &str, run: &KeptRun) -> Result<Added, StoreError> {
        let file = self.file.clone();
        self.write(series, run).map_err(|source| failed("keep a run", &file, source))
    }

    fn write(&mut self, series: &str, run: &KeptRun) -> Result<Added, rusqlite::Error> {
        // Who takes the lock at once never finds that another has written since it read.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let series = series_id(&transaction, series)?;
        let removed = transaction
            .execute("DELETE FROM run WHERE series = ?1 AND name = ?2", params![series, run.id])?;
        let id: i64 = transaction.query_row(
            "INSERT INTO run (series, name, tool, started_us, ended_us, interrupted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
            params![
                series,
                run.id,
                run.tool,
                run.started.as_microsecond(),
                run.ended.as_microsecond(),
                run.interrupted
            ],
            |row| row.get(0),
        )?;
        let mut words = Words::default();
        for (name, value) in &run.facts {
            let phrase = words.phrase(&transaction, value)?;
            transaction.execute(
                "INSERT INTO fact (run, name, phrase) VALUES (?1, ?2, ?3)",
                params![id, name, phrase],
            )?;
        }
        write_attempts(&transaction, id, &run.attempts, &mut words)?;
        transaction.commit()?;
        Ok(if removed == 0 { Added::New } else { Added::Again })
    }
}

fn series_id(transaction: &Transaction<'_>, name: &str) -> Result<i64, rusqlite::Error> {
    transaction.execute("INSERT INTO series (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", [name])?;
    transaction.query_row("SELECT id FROM series WHERE name = ?1", [name], |row| row.get(0))
}

fn write_attempts(
    transaction: &Transaction<'_>,
    run: i64,
    attempts: &[Attempt],
    words: &mut Words,
) -> Result<(), rusqlite::Error> {
    // Counted here: a foreign report may number its repetitions as it likes.
    let mut numbers: HashMap<i64, u32> = HashMap::new();
    let mut insert = transaction.prepare(
        "INSERT INTO result (run, subject, attempt, outcome, duration_us, reason, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut subjects = Subjects::of(transaction)?;
    for attempt in attempts {
        let subject = subjects.id(attempt)?;
        let number = numbers.entry(subject).or_default();
        *number += 1;
        let reason = words.optional(transaction, attempt.reason.as_deref())?;
        let signature = words.optional(transaction, attempt.signature.as_deref())?;
        let word = attempt.outcome.word();
        let microseconds = microseconds(attempt.seconds);
        insert.execute(params![run, subject, *number, word, microseconds, reason, signature])?;
    }
    Ok(())
}

/// The ids of cases.
struct Subjects<'a> {
    select: Statement<'a>,
    insert: Statement<'a>,
}

impl<'a> Subjects<'a> {
    fn of(transaction: &'a Transaction<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            select: transaction
                .prepare("SELECT id FROM subject WHERE name = ?1 AND variant = ?2 AND revision = ?3")?,
            insert: transaction
                .prepare("INSERT INTO subject (name, variant, revision) VALUES (?1, ?2, ?3) RETURNING id")?,
        })
    }

    fn id(&mut self, attempt: &Attempt) -> Result<i64, rusqlite::Error> {
        let key = params![attempt.key.case, attempt.key.variant, attempt.revision];
        match self.select.query_row(key, |row| row.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => self.insert.query_row(key, |row| row.get(0)),
            other => other,
        }
    }
}

/// The phrases of one run.
#[derive(Default)]
struct Words(HashMap<String, i64>);

impl Words {
    fn phrase(&mut self, transaction: &Transaction<'_>, words: &str) -> Result<i64, rusqlite::Error> {
        if let Some(id) = self.0.get(words) {
            return Ok(*id);
        }
        transaction
            .execute("INSERT INTO phrase (words) VALUES (?1) ON CONFLICT (words) DO NOTHING", [words])?;
        let id =
            transaction.query_row("SELECT id FROM phrase WHERE words = ?1", [words], |row| row.get(0))?;
        self.0.insert(words.to_owned(), id);
        Ok(id)
    }

    fn optional(
        &mut self,
        transaction: &Transaction<'_>,
        words: Option<&str>,
    ) -> Result<Option<i64>, rusqlite::Error> {
        words.map(|words| self.phrase(transaction, words)).transpose()
    }
}

/// Whole microseconds; what is no duration is none.
#[expect(clippy::cast_possible_truncation, reason = "the cast stops at the ends of the type")]
fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
