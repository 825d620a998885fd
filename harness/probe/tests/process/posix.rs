//! POSIX shared memory, POSIX semaphores, System V message queues.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use crate::support::{Running, own_number, report, reports, run, until};

#[test]
fn posix_shared_memory_is_a_file_in_dev_shm() {
    let name = format!("/podproof-{}", own_number());
    let put = report(&run(&format!("pshm-put --name {name} --text longer")));
    assert_eq!([&put["bytes"], &put["size"]], [6, 4096]);
    let seen = fs::metadata(format!("/dev/shm{name}")).expect("there");
    assert_eq!([&put["dev"], &put["ino"]], [seen.dev(), seen.ino()]);
    assert_eq!(seen.mode() & 0o777, 0o666);
    run(&format!("pshm-put --name {name} --text x"));
    let all = reports(&run(&format!(
        "pshm-look --name {name} then pshm-remove --name {name} then pshm-remove --name {name} then pshm-look --name {name}"
    )));
    assert_eq!(
        [&all[0]["present"], &all[0]["text"], &all[0]["ino"]],
        [&json!(true), &json!("x"), &put["ino"]]
    );
    assert_eq!(all[1]["present"], true);
    for gone in &all[2..] {
        assert_eq!([&gone["ok"], &gone["present"]], [true, false]);
    }
    let long = run(&format!("pshm-put --name {name} --text {}", "x".repeat(4096)));
    assert_eq!((long.status.code(), &report(&long)["errno"]), (Some(1), &json!("EMSGSIZE")));
    run(&format!("pshm-remove --name {name}"));
    assert_eq!(run("pshm-look --name x").status.code(), Some(64));
}

#[test]
fn an_empty_object_has_no_text() {
    let name = format!("/podproof-{}", own_number());
    fs::write(format!("/dev/shm{name}"), "").expect("written");
    let all = reports(&run(&format!("pshm-look --name {name} then pshm-remove --name {name}")));
    assert_eq!([&all[0]["ok"], &all[0]["text"], &all[0]["size"]], [&json!(true), &json!(""), &json!(0)]);
}

#[test]
fn a_posix_semaphore_wakes_its_waiter() {
    let name = format!("/podproof-{}", own_number());
    let made = reports(&run(&format!("psem-create --name {name} then psem-create --name {name} --value 5")));
    assert_eq!([&made[0]["created"], &made[1]["created"]], [true, false]);
    assert_eq!([&made[0]["value"], &made[1]["value"]], [0, 0]);
    let waiter = Running::start(&format!("psem-wait --name {name}"));
    assert_eq!(waiter.report()["state"], "waiting");
    until("asleep", || waiter.is_asleep());
    assert!(run(&format!("psem-post --name {name}")).status.success());
    let woken = waiter.report();
    assert_eq!(woken["state"], "woken");
    assert!(woken["waited_ns"].as_u64() > Some(0));
    assert_eq!(waiter.end().0, Some(0));
    let all = reports(&run(&format!(
        "psem-look --name {name} then psem-remove --name {name} then psem-remove --name {name} then psem-look --name {name}"
    )));
    assert_eq!([&all[0]["present"], &all[0]["value"]], [&json!(true), &json!(0)]);
    assert_eq!([&all[1]["present"], &all[2]["present"], &all[3]["present"]], [true, false, false]);
    for act in ["psem-wait", "psem-post"] {
        let output = run(&format!("{act} --name {name}"));
        assert_eq!((output.status.code(), &report(&output)["errno"]), (Some(1), &json!("ENOENT")));
    }
    let too_great = run(&format!("psem-create --name {name} --value 4294967295"));
    assert_eq!((too_great.status.code(), &report(&too_great)["errno"]), (Some(1), &json!("EINVAL")));
}

#[test]
fn system_v_messages_stay_in_the_queue_until_they_are_received() {
    let key = format!("{:x}", own_number());
    let line = format!("msg-send --key {key} --text one then msg-send --key {key} --text two");
    let sent = reports(&run(&line));
    assert_eq!([&sent[0]["created"], &sent[1]["created"]], [true, false]);
    assert_eq!([&sent[0]["count"], &sent[1]["count"], &sent[1]["bytes"]], [1, 2, 3]);
    let all = reports(&run(&format!(
        "msg-look --key {key} then msg-receive --key {key} then msg-receive --key {key} then msg-remove --key {key}"
    )));
    assert_eq!([&all[0]["count"], &all[0]["bytes"]], [2, 6]);
    assert_eq!([&all[1]["present"], &all[1]["texts"]], [&json!(true), &json!(["one", "two"])]);
    assert_eq!(
        [&all[2]["present"], &all[2]["count"], &all[3]["present"]],
        [&json!(true), &json!(0), &json!(true)]
    );
    for look in ["msg-look", "msg-receive", "msg-remove"] {
        let absent = report(&run(&format!("{look} --key {key}")));
        assert_eq!([&absent["ok"], &absent["present"]], [true, false], "{look}");
    }
    let long = run(&format!("msg-send --key {key} --text {}", "x".repeat(8193)));
    assert_eq!((long.status.code(), &report(&long)["errno"]), (Some(1), &json!("EMSGSIZE")));
    run(&format!("msg-remove --key {key}"));
}
