//! System V semaphores.

use serde_json::json;

use crate::support::{Running, own_number, report, reports, run, until};

#[test]
fn a_semaphore_wakes_its_waiter() {
    let key = format!("{:x}", own_number());
    let look = || report(&run(&format!("sem-look --key {key}")));
    let made = reports(&run(&format!("sem-create --key {key} then sem-create --key {key} --value 5")));
    assert_eq!([&made[0]["created"], &made[1]["created"]], [true, false]);
    assert_eq!([&made[0]["value"], &made[1]["value"]], [0, 0]);
    let waiter = Running::start(&format!("sem-wait --key {key}"));
    assert_eq!(waiter.report()["state"], "waiting");
    until("a waiter", || look()["waiters"] == 1);
    assert_eq!(look()["value"], 0);
    assert!(run(&format!("sem-post --key {key}")).status.success());
    let woken = waiter.report();
    assert_eq!(woken["state"], "woken");
    assert!(woken["waited_ns"].as_u64() > Some(0));
    assert_eq!(waiter.end().0, Some(0));
    run(&format!("sem-remove --key {key}"));
}

#[test]
fn removal_wakes_a_waiter_with_eidrm_and_term_ends_it() {
    let key = format!("{:x}", own_number());
    run(&format!("sem-create --key {key}"));
    let start = || {
        let waiter = Running::start(&format!("sem-wait --key {key}"));
        waiter.report();
        until("asleep", || waiter.is_asleep());
        waiter
    };
    let [ended, left] = [start(), start()];
    ended.signal("TERM");
    assert_eq!(ended.end().0, Some(143));
    assert_eq!(report(&run(&format!("sem-remove --key {key}")))["present"], true);
    let failed = left.report();
    assert_eq!([&failed["ok"], &failed["errno"]], [&json!(false), &json!("EIDRM")]);
    assert_eq!(left.end().0, Some(1));
}

#[test]
fn a_missing_semaphore_is_a_result_for_looks_only() {
    let key = format!("{:x}", own_number());
    for look in ["sem-look", "sem-remove"] {
        let absent = report(&run(&format!("{look} --key {key}")));
        assert_eq!([&absent["ok"], &absent["present"]], [true, false]);
    }
    for act in ["sem-wait", "sem-post"] {
        let output = run(&format!("{act} --key {key}"));
        assert_eq!((output.status.code(), &report(&output)["errno"]), (Some(1), &json!("ENOENT")));
    }
    let too_great = run(&format!("sem-create --key {key} --value 65535"));
    assert_eq!((too_great.status.code(), &report(&too_great)["errno"]), (Some(1), &json!("ERANGE")));
    run(&format!("sem-remove --key {key}"));
}
