//! Adding runs.

use std::collections::HashMap;

use super::error::StoreError;
use super::link::{Access, Given, Link, Refused, storable};
use super::open::Store;
use crate::history::kept::{Attempt, KeptRun};

/// How many executions one statement adds: over a network each statement costs a way there and back.
const AT_ONCE: usize = 100;

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
    ///
    /// Nobody else adds meanwhile, so what is looked for and not found can be written without another look.
    pub fn add(&mut self, series: &str, run: &KeptRun) -> Result<Added, StoreError> {
        let added = self.link.at_once(Access::Write, |link| write(link, series, run));
        added.map_err(|source| StoreError::failed("keep a run", &self.place, source))
    }
}

fn write(link: &mut dyn Link, series: &str, run: &KeptRun) -> Result<Added, Refused> {
    let series = series_id(link, series)?;
    let name = run.id.as_str();
    let removed =
        link.run("DELETE FROM run WHERE series = ?1 AND name = ?2", &[series.into(), name.into()])?;
    let id = made(
        link,
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
        let phrase = phrases.id(link, value)?;
        let given = [id.into(), name.as_str().into(), phrase.into()];
        link.run("INSERT INTO fact (run, name, phrase) VALUES (?1, ?2, ?3)", &given)?;
    }
    write_attempts(link, id, &run.attempts, &mut phrases)?;
    Ok(if removed == 0 { Added::New } else { Added::Again })
}

fn series_id(link: &mut dyn Link, name: &str) -> Result<i64, Refused> {
    match link.number("SELECT id FROM series WHERE name = ?1", &[name.into()])? {
        Some(id) => Ok(id),
        None => made(link, "INSERT INTO series (name) VALUES (?1) RETURNING id", &[name.into()]),
    }
}

/// The id of what the statement makes.
fn made(link: &mut dyn Link, statement: &str, given: &[Given<'_>]) -> Result<i64, Refused> {
    link.number(statement, given)?.ok_or(Refused::Value { column: 0 })
}

fn write_attempts(
    link: &mut dyn Link,
    run: i64,
    attempts: &[Attempt],
    phrases: &mut Phrases,
) -> Result<(), Refused> {
    // Counted here: a foreign report may number its repetitions as it likes.
    let mut numbers: HashMap<(i64, u32), u32> = HashMap::new();
    let mut subjects = Subjects::read(link)?;
    for attempts in attempts.chunks(AT_ONCE) {
        let mut given = Vec::with_capacity(attempts.len() * RESULT.len());
        for attempt in attempts {
            let subject = subjects.id(link, attempt)?;
            let number = numbers.entry((subject, attempt.round)).or_default();
            *number += 1;
            let row: [Given<'_>; RESULT.len()] = [
                run.into(),
                subject.into(),
                attempt.round.into(),
                (*number).into(),
                attempt.outcome.word().into(),
                microseconds(attempt.seconds).into(),
                phrases.optional(link, attempt.reason.as_deref())?.into(),
                phrases.optional(link, attempt.signature.as_deref())?.into(),
            ];
            given.extend(row);
        }
        link.run(&insert_results(attempts.len()), &given)?;
    }
    Ok(())
}

const RESULT: [&str; 8] =
    ["run", "subject", "round", "attempt", "outcome", "duration_us", "reason", "signature"];

/// The statement that adds so many results.
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
    fn read(link: &mut dyn Link) -> Result<Self, Refused> {
        let known = link.all("SELECT name, variant, revision, id FROM subject", &[], |row| {
            Ok(((row.text(0)?, row.text(1)?, row.count(2)?), row.number(3)?))
        })?;
        Ok(Self(known.into_iter().collect()))
    }

    fn id(&mut self, link: &mut dyn Link, attempt: &Attempt) -> Result<i64, Refused> {
        let [name, variant] =
            [&attempt.key.case, &attempt.key.variant].map(|words| storable(words).into_owned());
        let key = (name, variant, attempt.revision);
        if let Some(id) = self.0.get(&key) {
            return Ok(*id);
        }
        let id = made(
            link,
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
    fn id(&mut self, link: &mut dyn Link, words: &str) -> Result<i64, Refused> {
        if let Some(id) = self.0.get(words) {
            return Ok(*id);
        }
        let id = match link.number("SELECT id FROM phrase WHERE words = ?1", &[words.into()])? {
            Some(id) => id,
            None => made(link, "INSERT INTO phrase (words) VALUES (?1) RETURNING id", &[words.into()])?,
        };
        self.0.insert(words.to_owned(), id);
        Ok(id)
    }

    fn optional(&mut self, link: &mut dyn Link, words: Option<&str>) -> Result<Option<i64>, Refused> {
        words.map(|words| self.id(link, words)).transpose()
    }
}

/// Whole microseconds; what is no duration is none.
#[expect(clippy::cast_possible_truncation, reason = "the cast stops at the ends of the type")]
fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
