//! The store of runs. It behaves the same in both databases.

use std::fs;
use std::sync::{Arc, Barrier};
use std::thread;

use podproof_core::history::{
    Added, CaseAttempt, CaseKey, CaseOutcome, HistoryRun, Renames, RunRange, Store, StoreError,
};
use rstest::rstest;

use crate::history_backend::{Backend, TestStore};
use crate::history_fixtures::{empty_run, ended, passed, runs};
use crate::record::{checked, record_of_prove_run};

const ALL: RunRange<'_> = RunRange { last: None, most: 1000 };

fn loaded(test_store: &TestStore) -> Vec<HistoryRun> {
    Store::open(&test_store.location).unwrap().load("nightly", ALL, &Renames::new()).unwrap()
}

#[rstest]
fn a_stored_run_is_read_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let kept = HistoryRun::of(&checked());
    assert_eq!(kept.facts["kubelet"], "v1.20.5");
    assert_eq!(kept.tally().pass, 2);
    let failed = kept.attempts.iter().find(|attempt| attempt.outcome == CaseOutcome::Fail).unwrap();
    assert!(failed.reason.as_ref().unwrap().starts_with("same-content: expected the token abc"));
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    assert_eq!(store.add("nightly", &kept).unwrap(), Added::New);
    let mut read = loaded(&test_store);
    // The store does not keep the order of the attempts.
    let mut kept = kept;
    sort(&mut kept);
    sort(&mut read[0]);
    assert_eq!(read, [kept]);
}

#[test]
fn mutants_are_not_stored() {
    let record = record_of_prove_run();
    let kept = HistoryRun::of(&record);
    let green = record.cases.iter().filter(|case| case.mutant.is_none()).count();
    assert!(green < record.cases.len());
    assert_eq!(kept.attempts.len(), green);
}

#[rstest]
fn adding_a_run_twice_stores_it_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    let daily_runs = runs("PF");
    for run in &daily_runs {
        store.add("nightly", run).unwrap();
    }
    let before = loaded(&test_store);
    assert_eq!(store.add("nightly", &daily_runs[0]).unwrap(), Added::Again);
    assert_eq!(loaded(&test_store), before);
    // In another series it is another run.
    assert_eq!(store.add("weekly", &daily_runs[0]).unwrap(), Added::New);
    assert_eq!(loaded(&test_store), before);
    assert_eq!(store.list(None, 10).unwrap().len(), 3);
    let listed = store.list(Some("nightly"), 1).unwrap();
    assert_eq!((listed[0].run.as_str(), listed[0].tally.pass, listed[0].tally.fail), ("run-001", 10, 1));
}

#[rstest]
fn adding_a_changed_run_replaces_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    let mut run = runs("P").remove(0);
    store.add("nightly", &run).unwrap();
    run.attempts.truncate(3);
    store.add("nightly", &run).unwrap();
    assert_eq!(loaded(&test_store)[0].attempts.len(), 3);
}

#[rstest]
fn concurrent_writers_lose_no_run(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const WRITERS: usize = 4;
    const EACH: usize = 15;
    let test_store = backend.test_store();
    let mut given: Vec<_> = (0..WRITERS * EACH).map(shared).collect();
    let start = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for runs in given.chunks(EACH) {
            let (location, start) = (&test_store.location, &start);
            scope.spawn(move || {
                start.wait();
                // Each thread creates the store if it does not exist.
                for run in runs {
                    Store::open_or_create(location).unwrap().add("nightly", run).unwrap();
                }
            });
        }
    });
    given.iter_mut().for_each(sort);
    let mut kept = loaded(&test_store);
    kept.iter_mut().for_each(sort);
    assert_eq!(kept, given);
    assert!(
        test_store.leftover_files().is_empty(),
        "temporary files are left: {:?}",
        test_store.leftover_files()
    );
}

/// A run that shares cases, reasons and facts with the others, so that concurrent writers insert the same rows.
fn shared(day: usize) -> HistoryRun {
    let mut run = empty_run(day, "v1.0");
    run.facts.insert("os".to_owned(), format!("Debian {}", day % 3));
    // Each run has them in another order.
    run.attempts = (0..20)
        .map(|case| {
            let case = format!("area/{}", (case * 7 + day) % 20);
            ended(&case, CaseOutcome::Fail, Some(&format!("reason {}", day % 5)), 1.0)
        })
        .collect();
    run
}

/// Sorts the attempts, because the store does not keep their order.
fn sort(run: &mut HistoryRun) {
    run.attempts.sort_by(|one, other| {
        (&one.key, one.round, one.number).cmp(&(&other.key, other.round, other.number))
    });
}

#[rstest]
fn an_old_name_is_read_as_the_new_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    for (day, case) in ["a/old", "a/new"].into_iter().enumerate() {
        let mut run = empty_run(day, "v1.0");
        run.attempts = vec![ended(case, CaseOutcome::Fail, Some("why"), 1.5)];
        store.add("nightly", &run).unwrap();
    }
    let renames = Renames::from([("a/old".to_owned(), "a/new".to_owned())]);
    let runs = store.load("nightly", ALL, &renames).unwrap();
    assert!(runs.iter().flat_map(|run| &run.attempts).all(|attempt| attempt.key.case == "a/new"));
}

#[rstest]
fn a_run_is_found_by_the_beginning_of_its_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    for run in runs("PPPPPPPPPPPP") {
        store.add("nightly", &run).unwrap();
    }
    let mut load = |last, most| store.load("nightly", RunRange { last: Some(last), most }, &Renames::new());
    let ids = |runs: Vec<HistoryRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(load("run-005", 2).unwrap()), ["run-004", "run-005"]);
    assert!(matches!(load("run-00", 2), Err(StoreError::ManyRuns { .. })));
    assert!(matches!(load("run-9%", 2), Err(StoreError::NoRun { .. })));
    let none = store.load("weekly", ALL, &Renames::new()).unwrap_err();
    assert!(none.hint().unwrap().contains("nightly"), "{none}");
}

#[rstest]
fn reading_does_not_create_a_store(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    for _ in 0..2 {
        let error = Store::open(&test_store.location).unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }) && error.hint().is_some(), "{error}");
    }
}

#[rstest]
fn foreign_tables_are_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    drop(Store::open_or_create(&test_store.location).unwrap());
    test_store.execute_directly("DROP TABLE schema_version");
    let error = Store::open_or_create(&test_store.location).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }) && error.hint().is_some(), "{error:?}");
    test_store.execute_directly("CREATE TABLE schema_version (version TEXT NOT NULL)");
    let error = Store::open_or_create(&test_store.location).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    test_store.execute_directly("INSERT INTO schema_version VALUES ('one')");
    let error = Store::open_or_create(&test_store.location).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

#[test]
fn a_foreign_file_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "these are no runs ".repeat(1000)).unwrap();
    let error = Store::open_or_create(&text.as_path().into()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&text).unwrap().len(), 18_000);
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(matches!(
        Store::open_or_create(&empty.as_path().into()).unwrap_err(),
        StoreError::Foreign { .. }
    ));
}

#[rstest]
fn rounds_and_attempts_are_stored_separately(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut run = empty_run(0, "v1.0");
    let numbers = [(1, 1), (2, 1), (2, 2), (3, 1)];
    run.attempts = numbers
        .map(|(round, number)| CaseAttempt { round, number, ..ended("a/case", CaseOutcome::Fail, None, 1.0) })
        .to_vec();
    Store::open_or_create(&test_store.location).unwrap().add("nightly", &run).unwrap();
    assert_eq!(loaded(&test_store), [run]);
}

#[rstest]
fn any_text_is_stored(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    // Longer than an index entry of PostgreSQL may be, and hard to compress.
    let long: String =
        (0..5000_u32).map(|n| char::from_u32(0x1_0000 + n * 7919 % 0xE_0000).unwrap()).collect();
    let hostile = ["", "'; DROP TABLE run; --", "?1 $1", "\\x00", "\u{1b}[2J", "\u{202e}", long.as_str()];
    for (day, words) in hostile.into_iter().enumerate() {
        let mut run = empty_run(day, words);
        run.tool = words.to_owned();
        run.interrupted = Some(words.to_owned());
        run.facts.insert(format!("fact {words}"), words.to_owned());
        run.attempts = vec![ended(words, CaseOutcome::Fail, Some(words), 1.0)];
        run.attempts[0].key = Arc::new(CaseKey { case: words.to_owned(), variant: words.to_owned() });
        let series = format!("series {words}");
        for added in [Added::New, Added::Again] {
            assert_eq!(store.add(&series, &run).unwrap(), added);
        }
        assert_eq!(store.load(&series, ALL, &Renames::new()).unwrap(), [run]);
    }
    assert_eq!(store.series().unwrap().len(), hostile.len());
}

#[rstest]
fn nul_characters_are_replaced(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    let mut run = empty_run(0, "v\0one");
    run.attempts = vec![ended("a\0b", CaseOutcome::Fail, Some("c\0d"), 1.0)];
    for added in [Added::New, Added::Again] {
        assert_eq!(store.add("nightly", &run).unwrap(), added);
    }
    let read = loaded(&test_store).remove(0);
    assert_eq!(read.facts["version"], "v\u{fffd}one");
    assert_eq!(read.attempts[0].key.case, "a\u{fffd}b");
    assert_eq!(read.attempts[0].reason.as_deref(), Some("c\u{fffd}d"));
}

#[rstest]
fn runs_that_started_at_the_same_time_are_ordered_by_id(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let test_store = backend.test_store();
    let mut store = Store::open_or_create(&test_store.location).unwrap();
    for id in ["c", "B", "a", "D"] {
        let mut run = empty_run(0, "v1.0");
        run.id = id.to_owned();
        run.attempts = vec![passed("a/case", 1.0)];
        store.add("nightly", &run).unwrap();
    }
    // By bytes, whatever collation the database has.
    let mut load = |last, most| {
        let runs = store.load("nightly", RunRange { last: Some(last), most }, &Renames::new()).unwrap();
        assert!(runs.iter().all(|run| run.attempts.len() == 1 && run.facts.len() == 1));
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(load("c", 9), ["B", "D", "a", "c"]);
    assert_eq!(load("a", 2), ["D", "a"]);
}
