//! Files and folders.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use serde_json::json;

use crate::support::{Running, probe, report, reports, run};

#[test]
fn written_text_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    let words =
        ["write", "--path", &path, "--text", "one \"two\"\n", "--sync", "then", "write", "--path", &path];
    let more =
        ["--text", "three", "--append", "then", "read", "--path", &path, "then", "stat", "--path", &path];
    let all = reports(&probe(words.into_iter().chain(more)));
    let seen = fs::metadata(&path).expect("there");
    assert_eq!([&all[0]["bytes"], &all[1]["bytes"]], [10, 5]);
    assert_eq!(all[2]["content"], "one \"two\"\nthree");
    assert_eq!([&all[2]["size"], &all[2]["truncated"]], [&json!(15), &json!(false)]);
    for one in &all {
        assert_eq!([&one["dev"], &one["ino"]], [seen.dev(), seen.ino()]);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
    let stat = report(&run(&format!("stat --path {path}")));
    assert_eq!([&stat["kind"], &stat["mode"]], ["file", "640"]);
    assert_eq!([&stat["uid"], &stat["gid"]], [seen.uid(), seen.gid()]);
}

#[test]
fn a_file_above_the_limit_is_truncated() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    fs::write(&path, "12345").expect("written");
    let cut = report(&run(&format!("read --path {} --limit 3", path.display())));
    assert_eq!([&cut["content"], &cut["truncated"], &cut["size"]], [&json!("123"), &json!(true), &json!(5)]);
}

#[test]
fn write_if_absent_keeps_an_existing_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    let write = |text| report(&run(&format!("write --path {path} --text {text} --if-absent")));
    assert_eq!(write("one")["created"], true);
    let second = write("two");
    assert_eq!([&second["created"], &second["bytes"]], [&json!(false), &json!(0)]);
    assert_eq!(fs::read_to_string(&path).expect("there"), "one");
}

#[test]
fn buffered_text_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let [half, whole] = ["half", "whole"].map(|name| folder.path().join(name));
    let writer = Running::start(&format!(
        "write-part --path {} --synced kept --unsynced lost then write --path {} --text lost --buffered then hold",
        half.display(),
        whole.display()
    ));
    let part = writer.report();
    assert_eq!([&part["synced_bytes"], &part["buffered_bytes"]], [4, 4]);
    writer.report();
    assert_eq!(writer.report()["state"], "holding");
    writer.signal("KILL");
    assert_eq!(writer.end().0, None);
    assert_eq!(fs::read_to_string(half).expect("there"), "kept");
    assert_eq!(fs::read_to_string(whole).expect("there"), "");
}

#[test]
fn buffered_text_is_lost_at_a_clean_exit_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    assert!(run(&format!("write --path {} --text lost --buffered", path.display())).status.success());
    assert_eq!(fs::read_to_string(path).expect("there"), "");
}

#[test]
fn lists_are_sorted_and_remove_deletes_whole_trees() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    let outside = folder.path().join("outside");
    fs::create_dir_all(root.join("b/deep")).expect("created");
    fs::create_dir(&outside).expect("created");
    for file in [outside.join("keep"), root.join("a"), root.join(".hidden")] {
        fs::write(file, "").expect("written");
    }
    symlink(&outside, root.join("c")).expect("linked");
    let root = root.display();
    let list = report(&run(&format!("list --path {root}")));
    assert_eq!(list["names"], json!([".hidden", "a", "b", "c"]));
    let line = format!("remove --path {root} --contents then list --path {root} then remove --path {root}");
    let all =
        reports(&run(&format!("{line} then remove --path {root} then remove --path {root} --contents")));
    assert_eq!(all[0]["removed"], 4);
    assert_eq!([&all[1]["present"], &all[1]["count"]], [&json!(true), &json!(0)]);
    assert_eq!([&all[2]["present"], &all[2]["removed"]], [&json!(true), &json!(1)]);
    for missing in &all[3..] {
        assert_eq!([&missing["ok"], &missing["present"]], [true, false]);
        assert_eq!(missing["removed"], 0);
    }
    assert!(outside.join("keep").exists());
}

#[test]
fn tick_appends_numbered_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t");
    let all = reports(&run(&format!("tick --path {} --every-ms 20 --count 3", path.display())));
    assert_eq!([&all[0]["state"], &all[1]["state"]], ["ticking", "ended"]);
    assert_eq!(all[1]["lines"], 3);
    let text = fs::read_to_string(&path).expect("there");
    let lines: Vec<(u64, u64)> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(seq, time)| Some((seq.parse().ok()?, time.parse().ok()?)))
        .collect();
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(lines[2].1 - lines[0].1 >= 35_000_000, "{lines:?}");
    run(&format!("tick --path {} --every-ms 1 --count 2 --truncate", path.display()));
    let text = fs::read_to_string(&path).expect("there");
    assert!(text.starts_with("2 ") && text.lines().count() == 1, "{text}");
}

#[test]
fn nonces_differ_unless_they_are_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let nonce = |line: &str| report(&run(line))["nonce"].as_str().map(String::from);
    let [one, two] = [nonce("nonce"), nonce("nonce")];
    assert_ne!(one, two);
    assert_eq!(one.as_deref().map(str::len), Some(32));
    let kept = format!("nonce --from {}", folder.path().join("n").display());
    assert_eq!(nonce(&kept), nonce(&kept));
}
