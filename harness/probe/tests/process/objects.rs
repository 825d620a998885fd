//! Kernel objects: message queues and shared memory.

use serde_json::json;

use crate::support::{OwnQueue, Running, own_number, report, reports, run};

#[test]
fn messages_stay_in_the_queue_until_they_are_received() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let sent = report(&run(&format!("mq-send --queue {name} --text m --count 3")));
    assert_eq!(sent["created"], true);
    assert_eq!([&sent["sent"], &sent["curmsgs"], &sent["maxmsg"], &sent["msgsize"]], [3, 3, 10, 1024]);
    let all = reports(&run(&format!(
        "mq-look --queue {name} then mq-receive --queue {name} then mq-receive --queue {name}"
    )));
    assert_eq!([&all[0]["present"], &all[0]["curmsgs"]], [&json!(true), &json!(3)]);
    assert_eq!(all[1]["texts"], json!(["m-1", "m-2", "m-3"]));
    assert_eq!([&all[2]["present"], &all[2]["texts"]], [&json!(true), &json!([])]);
}

#[test]
fn a_missing_queue_is_a_result() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let output =
        run(&format!("mq-look --queue {name} then mq-receive --queue {name} then mq-unlink --queue {name}"));
    assert!(output.status.success());
    for one in reports(&output) {
        assert_eq!([&one["ok"], &one["present"]], [true, false]);
        assert_eq!(one["errno"], "ENOENT");
    }
}

#[test]
fn a_full_queue_is_eagain_and_an_existing_queue_is_not_created() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let full = run(&format!("mq-send --queue {name} --text m --count 3 --maxmsg 2 --msgsize 16"));
    assert_eq!(full.status.code(), Some(1));
    let full = report(&full);
    assert_eq!([&full["sent"], &full["errno"]], [&json!(2), &json!("EAGAIN")]);
    let line = format!("mq-send --queue {name} --text n --if-absent then mq-unlink --queue {name}");
    let all = reports(&run(&format!("{line} then {line}")));
    assert_eq!([&all[0]["created"], &all[2]["created"]], [false, true]);
    assert_eq!([&all[0]["sent"], &all[0]["curmsgs"], &all[2]["sent"], &all[2]["curmsgs"]], [0, 2, 1, 1]);
}

#[test]
fn steal_reports_each_message_and_gives_up_in_time() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let absent = run(&format!("steal --queue {name} --retry-for 0"));
    assert_eq!(absent.status.code(), Some(1));
    assert_eq!(report(&absent)["errno"], "ENOENT");
    run(&format!("mq-send --queue {name} --text m --count 2"));
    let all = reports(&run(&format!("steal --queue {name} --count 2 then clocks")));
    assert_eq!([&all[0]["index"], &all[1]["index"]], [1, 2]);
    assert_eq!([&all[0]["text"], &all[1]["text"], &all[2]["verb"]], ["m-1", "m-2", "clocks"]);
}

#[test]
fn shared_memory_outlives_the_process_that_created_it() {
    let key = format!("{:x}", own_number());
    let put = |text: &str, more: &str| report(&run(&format!("shm-put --key {key} --text {text} {more}")));
    let look = format!("shm-look --key 0x{key}");
    let first = put("first", "--if-absent");
    assert_eq!(first["created"], true);
    assert_eq!([&first["bytes"], &first["size"]], [5, 4096]);
    assert_eq!(put("second", "--if-absent")["bytes"], 0);
    let seen = report(&run(&look));
    assert_eq!(
        [&seen["present"], &seen["text"], &seen["nattch"]],
        [&json!(true), &json!("first"), &json!(0)]
    );
    assert_eq!(put("3rd", "")["created"], false);
    let all =
        reports(&run(&format!("{look} then shm-remove --key {key} then {look} then shm-remove --key {key}")));
    assert_eq!([&all[0]["text"], &all[1]["present"]], [&json!("3rd"), &json!(true)]);
    for gone in &all[2..] {
        assert_eq!([&gone["ok"], &gone["present"]], [true, false]);
        assert_eq!(gone["errno"], "ENOENT");
    }
}

#[test]
fn a_held_segment_stays_attached_until_the_process_ends() {
    let key = format!("{:x}", own_number());
    let holder = |more: &str| {
        let probe = Running::start(&format!("shm-hold --key {key} --text kept {more} then hold"));
        let held = probe.report();
        probe.report();
        (probe, held)
    };
    let (_private, held) = holder("--private");
    assert_eq!([&held["ok"], &held["nattch"]], [&json!(true), &json!(1)]);
    assert_eq!(report(&run(&format!("shm-look --key {key}")))["present"], false);
    let (_one, first) = holder("");
    let (_two, second) = holder("");
    assert_eq!([&first["nattch"], &second["nattch"]], [1, 2]);
    assert_eq!(first["shmid"], second["shmid"]);
    assert_ne!(first["shmid"], held["shmid"]);
    let seen = report(&run(&format!("shm-look --key {key}")));
    assert_eq!([&seen["text"], &seen["nattch"]], [&json!("kept"), &json!(2)]);
    run(&format!("shm-remove --key {key}"));
}

#[test]
fn a_text_too_long_for_a_segment_is_a_failure() {
    let key = format!("{:x}", own_number());
    let output = run(&format!("shm-hold --key {key} --text {}", "x".repeat(5000)));
    assert_eq!((output.status.code(), &report(&output)["errno"]), (Some(1), &json!("EMSGSIZE")));
    run(&format!("shm-remove --key {key}"));
}
