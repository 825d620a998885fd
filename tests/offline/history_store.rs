//! The store of runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use podproof::history::{Added, Extent, KeptRun, Outcome, Renames, Store, StoreError};
use tempfile::TempDir;

use crate::history_world::{empty_run, ended, passed, runs};
use crate::record::{checked, proved};

const ALL: Extent<'_> = Extent { last: None, most: 1000 };

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state/history.db");
    (folder, file)
}

fn loaded(file: &Path) -> Vec<KeptRun> {
    Store::open(file).unwrap().load("nightly", ALL, &Renames::new()).unwrap()
}

#[test]
fn what_is_kept_of_a_record_is_read_back() {
    let (_folder, file) = place();
    let kept = KeptRun::of(&checked());
    assert_eq!(kept.facts["kubelet"], "v1.20.5");
    assert_eq!(kept.count(Outcome::Pass), 2);
    let failed = kept.attempts.iter().find(|attempt| attempt.outcome == Outcome::Fail).unwrap();
    assert!(failed.reason.as_ref().unwrap().starts_with("same-content: expected the token abc"));
    let mut store = Store::open_or_make(&file).unwrap();
    assert_eq!(store.add("nightly", &kept).unwrap(), Added::New);
    let mut read = loaded(&file);
    // Of a case that ran twice the store counts the rounds anew; the order is its own.
    let sorted = |run: &mut KeptRun| {
        run.attempts.sort_by(|one, other| (&one.key, one.number).cmp(&(&other.key, other.number)));
    };
    let mut kept = kept;
    sorted(&mut kept);
    sorted(&mut read[0]);
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

#[test]
fn the_same_run_twice_is_the_same_as_once() {
    let (_folder, file) = place();
    let mut store = Store::open_or_make(&file).unwrap();
    let nights = runs("PF");
    for run in &nights {
        store.add("nightly", run).unwrap();
    }
    let before = loaded(&file);
    assert_eq!(store.add("nightly", &nights[0]).unwrap(), Added::Again);
    assert_eq!(loaded(&file), before);
    // In another series it is another run.
    assert_eq!(store.add("weekly", &nights[0]).unwrap(), Added::New);
    assert_eq!(loaded(&file), before);
    assert_eq!(store.list(None, 10).unwrap().len(), 3);
    let listed = store.list(Some("nightly"), 1).unwrap();
    assert_eq!((listed[0].run.as_str(), listed[0].pass, listed[0].fail), ("run-001", 10, 1));
}

#[test]
fn what_a_run_folder_says_now_is_kept() {
    let (_folder, file) = place();
    let mut store = Store::open_or_make(&file).unwrap();
    let mut run = runs("P").remove(0);
    store.add("nightly", &run).unwrap();
    run.attempts.truncate(3);
    store.add("nightly", &run).unwrap();
    assert_eq!(loaded(&file)[0].attempts.len(), 3);
}

#[test]
fn many_who_write_at_once_lose_nothing() {
    const WRITERS: usize = 4;
    const EACH: usize = 15;
    let (_folder, file) = place();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let file = &file;
            scope.spawn(move || {
                // Each makes the store where it is not there yet.
                for number in 0..EACH {
                    let mut run = empty_run(writer * EACH + number, "v1.0");
                    run.attempts = (0..20).map(|case| passed(&format!("area/{case}"), 1.0)).collect();
                    Store::open_or_make(file).unwrap().add("nightly", &run).unwrap();
                }
            });
        }
    });
    let runs = loaded(&file);
    assert_eq!(runs.len(), WRITERS * EACH);
    assert!(runs.iter().all(|run| run.attempts.len() == 20));
    let left: Vec<_> = fs::read_dir(file.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("history.db"))
        .collect();
    assert!(left.is_empty(), "drafts are left: {left:?}");
}

#[test]
fn an_old_name_is_read_as_the_new_one() {
    let (_folder, file) = place();
    let mut store = Store::open_or_make(&file).unwrap();
    for (night, case) in ["a/old", "a/new"].into_iter().enumerate() {
        let mut run = empty_run(night, "v1.0");
        run.attempts = vec![ended(case, Outcome::Fail, Some("why"), 1.5)];
        store.add("nightly", &run).unwrap();
    }
    let renames = Renames::from([("a/old".to_owned(), "a/new".to_owned())]);
    let runs = store.load("nightly", ALL, &renames).unwrap();
    assert!(runs.iter().flat_map(|run| &run.attempts).all(|attempt| attempt.key.case == "a/new"));
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let (_folder, file) = place();
    let mut store = Store::open_or_make(&file).unwrap();
    for run in runs("PPPPPPPPPPPP") {
        store.add("nightly", &run).unwrap();
    }
    let load = |last, most| store.load("nightly", Extent { last: Some(last), most }, &Renames::new());
    let ids = |runs: Vec<KeptRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(load("run-005", 2).unwrap()), ["run-004", "run-005"]);
    assert!(matches!(load("run-00", 2), Err(StoreError::ManyRuns { .. })));
    assert!(matches!(load("run-9%", 2), Err(StoreError::NoRun { .. })));
    let none = store.load("weekly", ALL, &Renames::new()).unwrap_err();
    assert!(none.hint().unwrap().contains("nightly"), "{none}");
}

#[test]
fn a_missing_store_is_not_made_by_reading() {
    let (_folder, file) = place();
    let error = Store::open(&file).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }) && error.hint().is_some(), "{error}");
    assert!(!file.exists());
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "these are no runs ".repeat(1000)).unwrap();
    let error = Store::open_or_make(&text).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&text).unwrap().len(), 18_000);
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(matches!(Store::open_or_make(&empty).unwrap_err(), StoreError::Foreign { .. }));
}

#[test]
fn a_newer_store_is_refused() {
    let (_folder, file) = place();
    drop(Store::open_or_make(&file).unwrap());
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE schema_version SET version = 99", ()).unwrap();
    drop(connection);
    let error = Store::open_or_make(&file).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }) && error.hint().is_some(), "{error:?}");
}
