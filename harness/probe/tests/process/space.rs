//! Mounts, full disks, memory.

use std::fs;

use serde_json::json;

use crate::support::{Running, report, reports, run};

#[test]
fn the_mount_of_a_path_is_reported() {
    let seen = report(&run("mount --path /proc"));
    assert_eq!([&seen["present"], &seen["is_mount_point"]], [true, true]);
    assert_eq!([&seen["fstype"], &seen["mount_point"]], ["proc", "/proc"]);
    assert!(seen["options"].as_array().is_some_and(|options| options.contains(&json!("rw"))));
    assert!(seen["super_options"].is_array() && seen["source"].is_string());
    assert!(seen["dev"].as_str().is_some_and(|dev| dev.contains(':')));
    let inside = report(&run("mount --path /proc/self/status"));
    assert_eq!([&inside["is_mount_point"], &inside["mount_point"]], [&json!(false), &json!("/proc")]);
    let folder = tempfile::tempdir().expect("a folder");
    let disk = report(&run(&format!("mount --path {}", folder.path().display())));
    assert!(
        disk["total_bytes"].as_u64() > Some(0) && disk["free_bytes"].as_u64() <= disk["total_bytes"].as_u64()
    );
    let absent = report(&run("mount --path /nowhere/at/all"));
    assert_eq!([&absent["ok"], &absent["present"]], [true, false]);
}

#[test]
fn fill_writes_zeros() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    fs::write(&path, "something").expect("written");
    let filled = report(&run(&format!("fill --path {} --bytes 100001 --block 1000", path.display())));
    assert_eq!([&filled["ok"], &filled["complete"]], [true, true]);
    assert_eq!(filled["bytes_written"], 100_001);
    let content = fs::read(&path).expect("there");
    assert!(content.len() == 100_001 && content.iter().all(|byte| *byte == 0));
    assert_eq!(run("fill --path /x --bytes 1 --block 0").status.code(), Some(64));
}

#[test]
fn a_full_disk_is_a_result_and_other_errors_are_failures() {
    let all =
        reports(&run("fill --path /dev/full --bytes 10 then fill --path /nowhere/x --bytes 10 then clocks"));
    assert_eq!([&all[0]["ok"], &all[0]["complete"]], [true, false]);
    assert_eq!([&all[0]["errno"], &all[0]["bytes_written"]], [&json!("ENOSPC"), &json!(0)]);
    assert_eq!([&all[1]["ok"], &all[1]["complete"]], [false, false]);
    assert_eq!([&all[1]["errno"], &all[1]["bytes_written"]], [&json!("ENOENT"), &json!(0)]);
    assert_eq!(all[2]["verb"], "clocks");
}

#[test]
fn allocated_memory_is_resident() {
    const SIZE: u64 = 48 << 20;
    let probe = Running::start(&format!("identity then allocate --bytes {SIZE} --step-ms 1 then hold"));
    let pid = probe.report()["pid"].clone();
    let allocated = probe.report();
    assert_eq!([&allocated["state"], &allocated["bytes"]], [&json!("allocated"), &json!(SIZE)]);
    probe.report();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("alive");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kib >= SIZE / 1024, "{kib}");
}
