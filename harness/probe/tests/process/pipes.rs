//! Named pipes and locks.

use serde_json::json;

use crate::support::{Running, report, reports, run, until};

#[test]
fn a_pipe_transfers_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    let make = format!("fifo-make --path {path}");
    let all = reports(&run(&format!("{make} then {make} --if-absent then stat --path {path} then {make}")));
    assert_eq!([&all[0]["created"], &all[1]["created"]], [true, false]);
    assert_eq!([&all[2]["kind"], &all[2]["mode"], &all[3]["errno"]], ["fifo", "666", "EEXIST"]);
    let reader = Running::start(&format!("fifo-read --path {path}"));
    until("asleep", || reader.is_asleep());
    assert_eq!(report(&run(&format!("fifo-write --path {path} --text hello")))["bytes"], 5);
    assert_eq!(reader.report()["text"], "hello");
    assert_eq!(reader.end().0, Some(0));
    for act in
        ["fifo-read --path /nowhere", "fifo-write --path /nowhere --text x", "fifo-make --path /nowhere/x"]
    {
        let output = run(act);
        assert_eq!((output.status.code(), &report(&output)["errno"]), (Some(1), &json!("ENOENT")), "{act}");
    }
}

#[test]
fn a_lock_is_kept_until_the_process_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    let attempt = || report(&run(&format!("try-lock --path {path}")));
    let absent = attempt();
    assert_eq!([&absent["ok"], &absent["present"]], [true, false]);
    let start = || Running::start(&format!("clocks then lock --path {path} then hold"));
    let first = start();
    first.report();
    assert_eq!(first.report()["state"], "locked");
    let refused = attempt();
    assert_eq!([&refused["ok"], &refused["present"], &refused["obtained"]], [true, true, false]);
    assert_eq!(refused["errno"], "EAGAIN");
    let second = start();
    second.report();
    until("asleep", || second.is_asleep());
    first.signal("KILL");
    assert_eq!(second.report()["state"], "locked");
    second.report();
    second.signal("TERM");
    assert_eq!(second.end().0, Some(143));
    assert_eq!(attempt()["obtained"], true);
    let nowhere = run("lock --path /nowhere/x");
    assert_eq!((nowhere.status.code(), &report(&nowhere)["errno"]), (Some(1), &json!("ENOENT")));
}
