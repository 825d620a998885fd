//! `chmod`, `mkdir` and `rename`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::{report, reports, run};

#[test]
fn modes_are_set_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().display();
    let all = reports(&run(&format!(
        "mkdir --path {root}/a --mode 3777 then chmod --path {root}/a --mode 0750 then stat --path {root}/a"
    )));
    assert_eq!([&all[0]["created"], &all[0]["mode"]], [&json!(true), &json!("3777")]);
    assert_eq!([&all[1]["mode"], &all[2]["mode"]], ["750", "750"]);
    let mode = |line: &str| run(line).status.code();
    assert_eq!(mode("chmod --path /x --mode 8"), Some(64));
    assert_eq!(mode("chmod --path /x --mode 10000"), Some(64));
    assert_eq!(mode("chmod --path /x"), Some(64));
    let nowhere = run("chmod --path /nowhere --mode 777");
    assert_eq!((nowhere.status.code(), &report(&nowhere)["errno"]), (Some(1), &json!("ENOENT")));
}

#[test]
fn mkdir_fails_or_accepts_an_existing_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let line = format!("mkdir --path {}", path.display());
    assert!(run(&line).status.success() && path.is_dir());
    let second = run(&line);
    assert_eq!((second.status.code(), &report(&second)["errno"]), (Some(1), &json!("EEXIST")));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o711)).expect("changed");
    let third = report(&run(&format!("{line} --mode 777 --if-absent")));
    assert_eq!([&third["created"], &third["mode"]], [&json!(false), &json!("711")]);
    fs::write(path.join("file"), "").expect("written");
    assert_eq!(report(&run(&format!("{line}/file --if-absent")))["errno"], "EEXIST");
}

#[test]
fn a_rename_replaces_an_existing_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let [from, to] = ["a", "b"].map(|name| folder.path().join(name));
    fs::write(&from, "new").expect("written");
    fs::write(&to, "old").expect("written");
    let line = format!("rename --from {} --to {}", from.display(), to.display());
    assert_eq!(report(&run(&line))["ok"], true);
    assert_eq!(fs::read_to_string(&to).expect("there"), "new");
    let second = run(&line);
    assert_eq!((second.status.code(), &report(&second)["errno"]), (Some(1), &json!("ENOENT")));
}
