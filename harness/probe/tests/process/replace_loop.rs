//! Files that are replaced while a reader checks them.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{Running, report, reports, run, until};

#[test]
fn a_file_replaced_by_rename_is_never_torn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let reader = Running::start(&format!("check-loop --path {} --count 1500", path.display()));
    until("asleep", || reader.is_asleep());
    let writer = Running::start(&format!("rename-loop --path {}", path.display()));
    assert_eq!(writer.report()["state"], "looping");
    let seen = reader.report();
    assert_eq!([&seen["ok"], &seen["reads"], &seen["torn"]], [&json!(true), &json!(1500), &json!(0)]);
    assert_eq!(seen["absent"], 0);
    assert!(seen["distinct"].as_u64() >= Some(1));
}

#[test]
fn a_file_rewritten_in_place_is_torn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let writer = Running::start(&format!("rename-loop --path {} --in-place", path.display()));
    writer.report();
    let seen = report(&run(&format!("check-loop --path {} --count 3000", path.display())));
    assert!(seen["torn"].as_u64() > Some(0), "{seen}");
}

#[test]
fn rename_loop_ends_after_its_count_and_check_loop_counts_absent_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    let all = reports(&run(&format!("rename-loop --path {path} --count 3")));
    assert_eq!([&all[0]["state"], &all[1]["state"]], ["looping", "ended"]);
    assert_eq!([&all[0]["count"], &all[1]["count"]], [1, 3]);
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1);
    let seen = report(&run(&format!("check-loop --path {path} --count 5")));
    assert_eq!([&seen["reads"], &seen["distinct"], &seen["torn"], &seen["absent"]], [5, 1, 0, 0]);
    let reader = Running::start(&format!("check-loop --path {path} --count 100000"));
    thread::sleep(Duration::from_millis(50));
    fs::remove_file(&path).expect("removed");
    assert!(reader.report()["absent"].as_u64() > Some(0));
}

#[test]
fn a_missing_folder_is_a_failure() {
    let write = run("rename-loop --path /nowhere/x --count 1");
    assert_eq!((write.status.code(), &report(&write)["errno"]), (Some(1), &json!("ENOENT")));
    let output = run("check-loop --path /nowhere/x --count 1");
    assert!(output.status.success());
    let check = report(&output);
    assert_eq!(
        [&check["ok"], &check["errno"], &check["reads"]],
        [&json!(false), &json!("ENOENT"), &json!(0)]
    );
    assert_eq!(run("check-loop --path / --count 1").status.code(), Some(64));
}
