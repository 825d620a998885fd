//! Stores of older and newer programs. The schemas of older versions are those that were released.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use podproof_core::history::{
    CaseAttempt, CaseOutcome, HistoryRun, Renames, RunRange, Store, StoreError, StoreLocation,
};
use rstest::rstest;

use crate::history_backend::{Backend, TestStore};
use crate::history_fixtures::{empty_run, ended, runs};

const ALL: RunRange<'_> = RunRange { last: None, most: 1000 };

/// A table that refers to the results of version 1, so that they cannot be replaced.
const OBSTACLE: &str = "CREATE TABLE theirs (run BIGINT, subject BIGINT, attempt BIGINT,
                            FOREIGN KEY (run, subject, attempt) REFERENCES result (run, subject, attempt));
                        INSERT INTO theirs SELECT run, subject, attempt FROM result";

/// The schema of a released version.
fn schema(backend: Backend, version: usize) -> &'static str {
    let released = match backend {
        Backend::Sqlite => [
            include_str!("../fixtures/history/sqlite-1.sql"),
            include_str!("../fixtures/history/sqlite-2.sql"),
        ],
        Backend::Postgres => [
            include_str!("../fixtures/history/postgresql-1.sql"),
            include_str!("../fixtures/history/postgresql-2.sql"),
        ],
    };
    released[version - 1]
}

/// A store as a program of this version left it, with these runs in the series `nightly`.
fn released_store(backend: Backend, version: usize, runs: &[HistoryRun]) -> TestStore {
    let test_store = backend.test_store();
    match &test_store.location {
        StoreLocation::File(file) => {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            test_store.execute_directly("PRAGMA journal_mode = WAL");
        }
        StoreLocation::Database(_) => test_store.client().batch_execute("CREATE SCHEMA podproof").unwrap(),
    }
    test_store.execute_directly(schema(backend, version));
    test_store.execute_directly(&format!(
        "INSERT INTO schema_version VALUES ({version}); INSERT INTO series (name) VALUES ('nightly')"
    ));
    test_store.execute_directly(&inserts(version, runs));
    test_store
}

/// The statements by which a program of this version adds runs.
fn inserts(version: usize, runs: &[HistoryRun]) -> String {
    let mut sql = String::new();
    let attempts = || runs.iter().flat_map(|run| &run.attempts);
    let phrases: BTreeSet<_> = runs
        .iter()
        .flat_map(|run| run.facts.values())
        .chain(attempts().flat_map(|attempt| attempt.reason.iter().chain(&attempt.signature)))
        .collect();
    for words in phrases {
        writeln!(sql, "INSERT INTO phrase (words) VALUES ('{words}');").unwrap();
    }
    for case in attempts().map(|attempt| &attempt.key.case).collect::<BTreeSet<_>>() {
        writeln!(sql, "INSERT INTO subject (name, variant, revision) VALUES ('{case}', '', 1);").unwrap();
    }
    for run in runs {
        let (id, tool) = (&run.id, &run.tool);
        let (started, ended) = (run.started.as_microsecond(), run.ended.as_microsecond());
        writeln!(
            sql,
            "INSERT INTO run (series, name, tool, started_us, ended_us, interrupted)
             SELECT id, '{id}', '{tool}', {started}, {ended}, NULL FROM series;"
        )
        .unwrap();
        for (fact, words) in &run.facts {
            writeln!(
                sql,
                "INSERT INTO fact (run, name, phrase)
                 SELECT r.id, '{fact}', p.id FROM run r, phrase p WHERE r.name = '{id}' AND p.words = '{words}';"
            )
            .unwrap();
        }
        for (place, attempt) in run.attempts.iter().enumerate() {
            sql += &insert_attempt(version, run, place, attempt);
        }
    }
    sql
}

fn insert_attempt(version: usize, run: &HistoryRun, place: usize, attempt: &CaseAttempt) -> String {
    let phrase = |words: &Option<String>| match words {
        Some(words) => format!("(SELECT id FROM phrase WHERE words = '{words}')"),
        None => "NULL".to_owned(),
    };
    let case = &attempt.key.case;
    let is_before =
        |other: &&CaseAttempt| other.key == attempt.key && (version == 1 || other.round == attempt.round);
    // Version 1 numbered all executions of a case in one sequence.
    let number = 1 + run.attempts[..place].iter().filter(is_before).count();
    let (column, round) =
        if version == 1 { ("", String::new()) } else { ("round, ", format!("{}, ", attempt.round)) };
    format!(
        "INSERT INTO result (run, subject, {column}attempt, outcome, duration_us, reason, signature)
         SELECT r.id, s.id, {round}{number}, '{}', {}, {}, {} FROM run r, subject s
         WHERE r.name = '{}' AND s.name = '{case}';\n",
        attempt.outcome.word(),
        (attempt.seconds * 1e6).round(),
        phrase(&attempt.reason),
        phrase(&attempt.signature),
        run.id,
    )
}

/// Runs with every outcome; the last one has repetitions and retries.
fn varied_runs() -> Vec<HistoryRun> {
    let mut runs = runs("PF2MIS-");
    let mut last = empty_run(runs.len(), "v1.2");
    let numbers = [(1, 1), (2, 1), (2, 2), (3, 1)];
    last.attempts = numbers
        .map(|(round, number)| CaseAttempt {
            round,
            number,
            ..ended("a/case", CaseOutcome::Fail, Some("a reason"), f64::from(round))
        })
        .to_vec();
    runs.push(last);
    runs
}

/// The runs as a store of a released version can keep them.
fn as_kept(version: usize, mut runs: Vec<HistoryRun>) -> Vec<HistoryRun> {
    if version == 1 {
        runs.iter_mut().flat_map(|run| &mut run.attempts).for_each(|attempt| attempt.round = 1);
    }
    let fresh = Backend::Sqlite.test_store();
    let mut store = Store::open_or_create(&fresh.location).unwrap();
    for run in &runs {
        store.add("nightly", run).unwrap();
    }
    sorted(store.load("nightly", ALL, &Renames::new()).unwrap())
}

/// The store does not keep the order of attempts.
fn sorted(mut runs: Vec<HistoryRun>) -> Vec<HistoryRun> {
    for run in &mut runs {
        run.attempts.sort_by(|one, other| {
            (&one.key, one.round, one.number).cmp(&(&other.key, other.round, other.number))
        });
    }
    runs
}

fn load(location: &StoreLocation) -> Result<Vec<HistoryRun>, StoreError> {
    Store::open(location)?.load("nightly", ALL, &Renames::new()).map(sorted)
}

/// The columns, types and keys of the tables, in no order, and the version.
fn tables(test_store: &TestStore) -> BTreeSet<String> {
    match &test_store.location {
        StoreLocation::File(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            let query =
                "SELECT m.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk
                         FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
                         UNION SELECT tbl_name || ' ' || name FROM sqlite_master WHERE type = 'index'
                         UNION SELECT 'version ' || version FROM schema_version";
            let mut query = connection.prepare(query).unwrap();
            query.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        }
        StoreLocation::Database(_) => {
            let query =
                "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default,
                                          collation_name, is_identity)
                         FROM information_schema.columns WHERE table_schema = 'podproof'
                         UNION SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
                         FROM pg_constraint WHERE connamespace = 'podproof'::regnamespace
                         UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'podproof'
                         UNION SELECT 'version ' || version FROM podproof.schema_version";
            test_store.client().query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect()
        }
    }
}

/// The number of rows of the tables of results.
fn results(test_store: &TestStore) -> i64 {
    let query = "SELECT count(*) FROM result";
    match &test_store.location {
        StoreLocation::File(file) => {
            rusqlite::Connection::open(file).unwrap().query_row(query, (), |row| row.get(0)).unwrap()
        }
        StoreLocation::Database(_) => {
            test_store.client().query_one(&query.replace("result", "podproof.result"), &[]).unwrap().get(0)
        }
    }
}

#[rstest]
fn a_store_of_every_released_version_keeps_its_runs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(1, 2)] version: usize,
) {
    let given = varied_runs();
    let test_store = released_store(backend, version, &given);
    assert_eq!(load(&test_store.location).unwrap(), as_kept(version, given.clone()));
    // Adding a run again stores what an old version did not keep.
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    for run in &given {
        store.add("nightly", run).unwrap();
    }
    drop(store);
    assert_eq!(load(&test_store.location).unwrap(), as_kept(2, given));
    let fresh = backend.test_store();
    drop(Store::open_or_create(&fresh.location).unwrap());
    assert_eq!(tables(&test_store), tables(&fresh));
}

#[rstest]
fn concurrent_programs_upgrade_a_store_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const PROGRAMS: usize = 6;
    let given = varied_runs();
    let test_store = released_store(backend, 1, &given);
    let start = Barrier::new(PROGRAMS);
    let added: Vec<_> = (0..PROGRAMS).map(|number| empty_run(100 + number, "v1.3")).collect();
    thread::scope(|scope| {
        for run in &added {
            let (location, start) = (&test_store.location, &start);
            scope.spawn(move || {
                start.wait();
                Store::open_or_create(location).unwrap().add("nightly", run).unwrap();
            });
        }
    });
    let expected: Vec<_> = as_kept(1, given).into_iter().chain(added).collect();
    assert_eq!(load(&test_store.location).unwrap(), expected);
}

#[rstest]
fn a_failed_upgrade_leaves_the_old_store(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let given = varied_runs();
    let test_store = released_store(backend, 1, &given);
    test_store.execute_directly(OBSTACLE);
    let (before, rows) = (tables(&test_store), results(&test_store));
    for _ in 0..2 {
        let error = Store::open_or_create(&test_store.location).unwrap_err();
        assert!(matches!(error, StoreError::Upgrade { found: 1, .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("unchanged"), "{error}");
        assert_eq!((tables(&test_store), results(&test_store)), (before.clone(), rows));
    }
    test_store.execute_directly("DROP TABLE theirs");
    assert_eq!(load(&test_store.location).unwrap(), as_kept(1, given));
}

#[rstest]
fn a_newer_store_is_refused_and_unchanged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = released_store(backend, 2, &varied_runs());
    test_store
        .execute_directly("UPDATE schema_version SET version = 99; ALTER TABLE run ADD COLUMN new TEXT");
    let content = || match &test_store.location {
        StoreLocation::File(file) => Some(fs::read(file).unwrap()),
        StoreLocation::Database(_) => None,
    };
    let before = (content(), tables(&test_store), results(&test_store));
    for open in [Store::open, Store::open_or_create] {
        let error = open(&test_store.location).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
        assert!(error.to_string().contains("version 99") && error.hint().is_some(), "{error}");
    }
    assert!(before == (content(), tables(&test_store), results(&test_store)), "the store was changed");
    assert!(test_store.leftover_files().is_empty());
}

#[rstest]
#[case("UPDATE schema_version SET version = 0")]
#[case("UPDATE schema_version SET version = -1")]
#[case("DELETE FROM schema_version")]
fn a_version_that_was_never_released_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] change: &str,
) {
    let test_store = released_store(backend, 1, &[]);
    test_store.execute_directly(change);
    let before = tables(&test_store);
    let error = Store::open_or_create(&test_store.location).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(tables(&test_store), before);
}

#[test]
fn released_migrations_create_the_released_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness/core/src/history/store/schema");
    let statements = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("--"));
        lines.collect::<Vec<_>>().join("\n")
    };
    for (name, backend) in [("sqlite", Backend::Sqlite), ("postgresql", Backend::Postgres)] {
        let first = fs::read_to_string(folder.join(name).join("0001.sql")).unwrap();
        assert_eq!(statements(&first), statements(schema(backend, 1)));
    }
}
