//! Message queues: priorities, modes, limits, and waiting for a queue.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{OwnQueue, Running, report, reports, run, until};

#[test]
fn messages_with_higher_priority_come_first() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let line =
        format!("mq-send --queue {name} --text low then mq-send --queue {name} --text high --priority 7");
    assert!(run(&line).status.success());
    let all = report(&run(&format!("mq-receive --queue {name}")));
    assert_eq!([&all["texts"], &all["priorities"]], [&json!(["high", "low"]), &json!([7, 0])]);
}

#[test]
fn a_missing_queue_cannot_be_opened() {
    let queue = OwnQueue::new();
    let line = format!("mq-open --queue {} --access rw", queue.0);
    let absent = report(&run(&line));
    assert_eq!([&absent["ok"], &absent["present"], &absent["opened"]], [true, false, false]);
    assert_eq!(absent["errno"], "ENOENT");
    run(&format!("mq-create --queue {}", queue.0));
    for access in ["r", "w", "rw"] {
        let opened = report(&run(&format!("mq-open --queue {} --access {access}", queue.0)));
        assert_eq!([&opened["ok"], &opened["present"], &opened["opened"]], [true, true, true]);
    }
    assert_eq!(run(&format!("mq-open --queue {} --access x", queue.0)).status.code(), Some(64));
}

#[test]
fn a_permission_error_is_a_result() {
    let queue = OwnQueue::new();
    let made = report(&run(&format!("mq-create --queue {} --mode 0", queue.0)));
    assert_eq!([&made["ok"], &made["created"]], [&json!(true), &json!(1)]);
    let opened = report(&run(&format!("mq-open --queue {} --access r", queue.0)));
    // Root may open every queue.
    if report(&run("identity"))["uid"] == 0 {
        assert_eq!(opened["opened"], true);
    } else {
        assert_eq!([&opened["ok"], &opened["present"], &opened["opened"]], [true, true, false]);
        assert_eq!(opened["errno"], "EACCES");
    }
}

#[test]
fn mq_create_stops_at_the_first_error() {
    let queue = OwnQueue::new();
    let name = &queue.0;
    let line = format!("mq-create --queue {name} --count 3 --maxmsg 1 --msgsize 16");
    let made = report(&run(&line));
    assert_eq!([&made["created"], &made["count"], &made["maxmsg"], &made["msgsize"]], [3, 3, 1, 16]);
    assert!(made.get("errno").is_none());
    let again = run(&line);
    let reported = report(&again);
    assert!(again.status.success());
    assert_eq!(
        [&reported["ok"], &reported["created"], &reported["errno"]],
        [&json!(true), &json!(0), &json!("EEXIST")]
    );
    let gone = reports(&run(&format!(
        "mq-unlink --queue {name}-1 then mq-unlink --queue {name}-2 then mq-unlink --queue {name}-3"
    )));
    assert!(gone.iter().all(|one| one["present"] == true));
    let too_large = report(&run(&format!("mq-create --queue {name} --maxmsg 1000000000")));
    assert_eq!([&too_large["ok"], &too_large["created"]], [&json!(true), &json!(0)]);
    assert!(too_large["errno"].is_string());
}

#[test]
fn wait_queue_waits_until_the_queue_exists() {
    let queue = OwnQueue::new();
    let waiting = Running::start(&format!("clocks then wait-queue --queue {}", queue.0));
    waiting.report();
    until("asleep", || waiting.is_asleep());
    thread::sleep(Duration::from_millis(50));
    run(&format!("mq-create --queue {}", queue.0));
    assert_eq!(waiting.report()["waited"], true);
    assert_eq!(waiting.end().0, Some(0));
    assert_eq!(report(&run(&format!("wait-queue --queue {}", queue.0)))["waited"], false);
    let impossible = run(&format!("wait-queue --queue /{}", "x".repeat(300)));
    assert_eq!((impossible.status.code(), &report(&impossible)["errno"]), (Some(1), &json!("ENAMETOOLONG")));
}
