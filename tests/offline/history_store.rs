//! The store of runs: the same whichever database it is in.

use std::fs;
use std::sync::{Arc, Barrier};
use std::thread;

use podproof::history::{Added, Attempt, CaseKey, Extent, KeptRun, Outcome, Renames, Store, StoreError};
use rstest::rstest;

use crate::history_backend::{Backend, Spot};
use crate::history_world::{empty_run, ended, passed, runs};
use crate::record::{checked, proved};

const ALL: Extent<'_> = Extent { last: None, most: 1000 };

fn loaded(spot: &Spot) -> Vec<KeptRun> {
    Store::open(&spot.place).unwrap().load("nightly", ALL, &Renames::new()).unwrap()
}

#[rstest]
fn what_is_kept_of_a_record_is_read_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let kept = KeptRun::of(&checked());
    assert_eq!(kept.facts["kubelet"], "v1.20.5");
    assert_eq!(kept.count(Outcome::Pass), 2);
    let failed = kept.attempts.iter().find(|attempt| attempt.outcome == Outcome::Fail).unwrap();
    assert!(failed.reason.as_ref().unwrap().starts_with("same-content: expected the token abc"));
    let mut store = Store::open_or_make(&spot.place).unwrap();
    assert_eq!(store.add("nightly", &kept).unwrap(), Added::New);
    let mut read = loaded(&spot);
    // Of a case that ran twice the store counts the rounds anew.
    let mut kept = kept;
    sort(&mut kept);
    sort(&mut read[0]);
    assert_eq!(read, [kept]);
}

#[test]
fn mutants_say_nothing_of_the_cluster() {
    let record = proved();
    let kept = KeptRun::of(&record);
    let green = record.cases.iter().filter(|case| case.mutant.is_none()).count();
    assert!(green < record.cases.len());
    assert_eq!(kept.attempts.len(), green);
}

#[rstest]
fn the_same_run_twice_is_the_same_as_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    let nights = runs("PF");
    for run in &nights {
        store.add("nightly", run).unwrap();
    }
    let before = loaded(&spot);
    assert_eq!(store.add("nightly", &nights[0]).unwrap(), Added::Again);
    assert_eq!(loaded(&spot), before);
    // In another series it is another run.
    assert_eq!(store.add("weekly", &nights[0]).unwrap(), Added::New);
    assert_eq!(loaded(&spot), before);
    assert_eq!(store.list(None, 10).unwrap().len(), 3);
    let listed = store.list(Some("nightly"), 1).unwrap();
    assert_eq!((listed[0].run.as_str(), listed[0].pass, listed[0].fail), ("run-001", 10, 1));
}

#[rstest]
fn what_a_run_folder_says_now_is_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    let mut run = runs("P").remove(0);
    store.add("nightly", &run).unwrap();
    run.attempts.truncate(3);
    store.add("nightly", &run).unwrap();
    assert_eq!(loaded(&spot)[0].attempts.len(), 3);
}

#[rstest]
fn many_who_write_at_once_lose_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const WRITERS: usize = 4;
    const EACH: usize = 15;
    let spot = backend.spot();
    let mut given: Vec<_> = (0..WRITERS * EACH).map(shared).collect();
    let start = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for runs in given.chunks(EACH) {
            let (place, start) = (&spot.place, &start);
            scope.spawn(move || {
                start.wait();
                // Each makes the store where it is not there yet.
                for run in runs {
                    Store::open_or_make(place).unwrap().add("nightly", run).unwrap();
                }
            });
        }
    });
    given.iter_mut().for_each(sort);
    let mut kept = loaded(&spot);
    kept.iter_mut().for_each(sort);
    assert_eq!(kept, given);
    assert!(spot.left_over().is_empty(), "drafts are left: {:?}", spot.left_over());
}

/// A run with cases, reasons and facts that its neighbours have too: who writes at once meets at all of them.
fn shared(night: usize) -> KeptRun {
    let mut run = empty_run(night, "v1.0");
    run.facts.insert("os".to_owned(), format!("Debian {}", night % 3));
    // Each in another order.
    run.attempts = (0..20)
        .map(|case| {
            let case = format!("area/{}", (case * 7 + night) % 20);
            ended(&case, Outcome::Fail, Some(&format!("reason {}", night % 5)), 1.0)
        })
        .collect();
    run
}

/// The store keeps no order of its own.
fn sort(run: &mut KeptRun) {
    run.attempts.sort_by(|one, other| {
        (&one.key, one.round, one.number).cmp(&(&other.key, other.round, other.number))
    });
}

#[rstest]
fn an_old_name_is_read_as_the_new_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    for (night, case) in ["a/old", "a/new"].into_iter().enumerate() {
        let mut run = empty_run(night, "v1.0");
        run.attempts = vec![ended(case, Outcome::Fail, Some("why"), 1.5)];
        store.add("nightly", &run).unwrap();
    }
    let renames = Renames::from([("a/old".to_owned(), "a/new".to_owned())]);
    let runs = store.load("nightly", ALL, &renames).unwrap();
    assert!(runs.iter().flat_map(|run| &run.attempts).all(|attempt| attempt.key.case == "a/new"));
}

#[rstest]
fn a_run_is_found_by_the_beginning_of_its_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    for run in runs("PPPPPPPPPPPP") {
        store.add("nightly", &run).unwrap();
    }
    let mut load = |last, most| store.load("nightly", Extent { last: Some(last), most }, &Renames::new());
    let ids = |runs: Vec<KeptRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(load("run-005", 2).unwrap()), ["run-004", "run-005"]);
    assert!(matches!(load("run-00", 2), Err(StoreError::ManyRuns { .. })));
    assert!(matches!(load("run-9%", 2), Err(StoreError::NoRun { .. })));
    let none = store.load("weekly", ALL, &Renames::new()).unwrap_err();
    assert!(none.hint().unwrap().contains("nightly"), "{none}");
}

#[rstest]
fn a_missing_store_is_not_made_by_reading(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    for _ in 0..2 {
        let error = Store::open(&spot.place).unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }) && error.hint().is_some(), "{error}");
    }
}

#[rstest]
fn tables_of_others_are_left_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    drop(Store::open_or_make(&spot.place).unwrap());
    spot.meddle("DROP TABLE schema_version");
    let error = Store::open_or_make(&spot.place).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }) && error.hint().is_some(), "{error:?}");
    spot.meddle("CREATE TABLE schema_version (version TEXT NOT NULL)");
    let error = Store::open_or_make(&spot.place).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    spot.meddle("INSERT INTO schema_version VALUES ('one')");
    let error = Store::open_or_make(&spot.place).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "these are no runs ".repeat(1000)).unwrap();
    let error = Store::open_or_make(&text.as_path().into()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&text).unwrap().len(), 18_000);
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(matches!(Store::open_or_make(&empty.as_path().into()).unwrap_err(), StoreError::Foreign { .. }));
}

#[rstest]
fn a_newer_store_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    drop(Store::open_or_make(&spot.place).unwrap());
    spot.meddle("UPDATE schema_version SET version = 99");
    let error = Store::open_or_make(&spot.place).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }) && error.hint().is_some(), "{error:?}");
}

#[rstest]
fn an_older_store_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    drop(Store::open_or_make(&spot.place).unwrap());
    spot.meddle("UPDATE schema_version SET version = 1");
    let error = Store::open(&spot.place).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 1, .. }) && error.hint().is_some(), "{error:?}");
}

#[rstest]
fn repetitions_and_attempts_at_one_are_kept_apart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let spot = backend.spot();
    let mut run = empty_run(0, "v1.0");
    let numbers = [(1, 1), (2, 1), (2, 2), (3, 1)];
    run.attempts = numbers
        .map(|(round, number)| Attempt { round, number, ..ended("a/case", Outcome::Fail, None, 1.0) })
        .to_vec();
    Store::open_or_make(&spot.place).unwrap().add("nightly", &run).unwrap();
    assert_eq!(loaded(&spot), [run]);
}

#[rstest]
fn any_words_are_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    // Longer than what an index of PostgreSQL takes, and not to be made shorter.
    let long: String =
        (0..5000_u32).map(|n| char::from_u32(0x1_0000 + n * 7919 % 0xE_0000).unwrap()).collect();
    let hostile = ["", "'; DROP TABLE run; --", "?1 $1", "\\x00", "\u{1b}[2J", "\u{202e}", long.as_str()];
    for (night, words) in hostile.into_iter().enumerate() {
        let mut run = empty_run(night, words);
        run.tool = words.to_owned();
        run.interrupted = Some(words.to_owned());
        run.facts.insert(format!("fact {words}"), words.to_owned());
        run.attempts = vec![ended(words, Outcome::Fail, Some(words), 1.0)];
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
fn what_no_text_of_a_database_can_hold_is_replaced(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    let mut run = empty_run(0, "v\0one");
    run.attempts = vec![ended("a\0b", Outcome::Fail, Some("c\0d"), 1.0)];
    for added in [Added::New, Added::Again] {
        assert_eq!(store.add("nightly", &run).unwrap(), added);
    }
    let read = loaded(&spot).remove(0);
    assert_eq!(read.facts["version"], "v\u{fffd}one");
    assert_eq!(read.attempts[0].key.case, "a\u{fffd}b");
    assert_eq!(read.attempts[0].reason.as_deref(), Some("c\u{fffd}d"));
}

#[rstest]
fn of_runs_that_began_at_once_the_extent_has_those_that_it_names(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let spot = backend.spot();
    let mut store = Store::open_or_make(&spot.place).unwrap();
    for id in ["c", "B", "a", "D"] {
        let mut run = empty_run(0, "v1.0");
        run.id = id.to_owned();
        run.attempts = vec![passed("a/case", 1.0)];
        store.add("nightly", &run).unwrap();
    }
    // By bytes, whatever language the database speaks.
    let mut load = |last, most| {
        let runs = store.load("nightly", Extent { last: Some(last), most }, &Renames::new()).unwrap();
        assert!(runs.iter().all(|run| run.attempts.len() == 1 && run.facts.len() == 1));
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(load("c", 9), ["B", "D", "a", "c"]);
    assert_eq!(load("a", 2), ["D", "a"]);
}
