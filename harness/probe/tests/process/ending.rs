//! Waiting, exiting and signals.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{OwnQueue, Running, own_number, report, run, until};

#[test]
fn hold_ends_on_a_signal_with_the_code_of_the_signal() {
    for (line, signal, code) in [
        ("hold", "TERM", 143),
        ("hold", "INT", 130),
        ("hold --on-term 0", "TERM", 0),
        ("hold --on-term 7", "TERM", 7),
        ("hold --on-term 7", "INT", 130),
    ] {
        let probe = Running::start(line);
        assert_eq!(probe.report()["state"], "holding");
        probe.signal(signal);
        let last = probe.report();
        assert_eq!([&last["state"], &last["signal"]], ["ended", signal]);
        assert_eq!(last["code"], code);
        assert_eq!(probe.end().0, Some(code));
    }
}

#[test]
fn hold_reports_signals_that_do_not_end_it() {
    let probe = Running::start("hold --ignore-term");
    assert_eq!(probe.report()["state"], "holding");
    for (signal, state) in [("USR1", "signalled"), ("TERM", "ignored"), ("TERM", "ignored")] {
        probe.signal(signal);
        let reported = probe.report();
        assert_eq!([&reported["state"], &reported["signal"]], [state, signal]);
    }
    probe.signal("INT");
    assert_eq!(probe.report()["state"], "ended");
    assert_eq!(probe.end().0, Some(130));
    assert_eq!(run("hold --ignore-term --on-term 3").status.code(), Some(64));
}

#[test]
fn kill_pid_signals_the_process() {
    let target = Running::start("identity then hold");
    let pid = target.report()["pid"].as_i64().expect("a number");
    target.report();
    let sent = report(&run(&format!("kill-pid --pid {pid} --signal USR1")));
    assert_eq!([&sent["ok"], &sent["pid"], &sent["signal"]], [&json!(true), &json!(pid), &json!("USR1")]);
    assert_eq!(target.report()["state"], "signalled");
    let nobody = run("kill-pid --pid 0");
    assert_eq!((nobody.status.code(), &report(&nobody)["errno"]), (Some(1), &json!("ESRCH")));
    assert_eq!(run("kill-pid --pid 1 --signal DANCE").status.code(), Some(64));
}

#[test]
fn starts_are_counted_and_select_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("starts");
    let line = format!("exit-nth --path {} --codes 3,0", path.display());
    for (number, code) in [(1, 3), (2, 0), (3, 0)] {
        let output = run(&line);
        assert_eq!(output.status.code(), Some(code));
        let reported = report(&output);
        assert_eq!([&reported["number"], &reported["code"]], [number, code]);
    }
    assert_eq!(report(&run(&format!("count-start --path {}", path.display())))["number"], 4);
    assert_eq!(fs::read_to_string(&path).expect("there"), "1\n2\n3\n4\n");
    let nowhere = run("exit-nth --path /nowhere/x --codes 3");
    assert_eq!((nowhere.status.code(), &report(&nowhere)["errno"]), (Some(1), &json!("ENOENT")));
    assert_eq!(run("count-start --path /nowhere/x then clocks").status.code(), Some(1));
    assert_eq!(run("exit-nth --path /nowhere/x --codes 3,").status.code(), Some(64));
}

#[test]
fn term_ends_every_wait_immediately() {
    let folder = tempfile::tempdir().expect("a folder");
    let never = folder.path().join("never").display().to_string();
    let queue = OwnQueue::new();
    for wait in [
        format!("wait-for --path {never}"),
        format!("exit-when --path {never} --code 3"),
        format!("steal --queue {}", queue.0),
        format!("wait-queue --queue {}", queue.0),
        String::from("pause --ms 60000"),
        String::from("serve --port 0 --text x"),
        format!("sock-serve --path {}", folder.path().join("s").display()),
        format!("fifo-make --path {0} then fifo-read --path {0}", folder.path().join("f").display()),
        format!("check-loop --path {never} --count 1"),
        format!("tick --path {} --every-ms 60000", folder.path().join("t").display()),
    ] {
        let probe = Running::start(&format!("clocks then {wait}"));
        probe.report();
        until("asleep", || probe.is_asleep());
        let begin = Instant::now();
        probe.signal("TERM");
        assert_eq!(probe.end().0, Some(143), "{wait}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{wait}");
    }
}

#[test]
fn exit_when_accepts_a_path_that_exists_already() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("go");
    fs::write(&path, "").expect("written");
    let output = run(&format!("exit-when --path {} --code 42 then clocks", path.display()));
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(report(&output)["waited"], false);
    assert!(!path.exists());
}

#[test]
fn exit_when_never_misses_a_created_path() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..60_u64 {
        let path = folder.path().join(format!("go-{round}"));
        let probe = Running::start(&format!("exit-when --path {} --code 42", path.display()));
        // From before the probe's first check to long after it, in small steps.
        thread::sleep(Duration::from_micros(round * 50));
        fs::write(&path, "").expect("written");
        let (code, lines) = probe.end();
        assert_eq!((code, lines.len()), (Some(42), 1), "round {round}");
        assert!(!path.exists(), "round {round}");
    }
}

#[test]
fn exit_when_reacts_to_a_renamed_file_and_ignores_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("go");
    let probe = Running::start(&format!("exit-when --path {}", path.display()));
    until("asleep", || probe.is_asleep());
    fs::write(folder.path().join("go.tmp"), "").expect("written");
    thread::sleep(Duration::from_millis(100));
    assert!(probe.is_asleep());
    fs::rename(folder.path().join("go.tmp"), &path).expect("renamed");
    assert_eq!(probe.end().0, Some(0));
}

#[test]
fn wait_for_keeps_the_path_and_continues() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("go");
    let probe = Running::start(&format!("wait-for --path {} then exit --code 5", path.display()));
    until("asleep", || probe.is_asleep());
    fs::write(&path, "").expect("written");
    assert_eq!(probe.end().0, Some(5));
    assert!(path.exists());
}

#[test]
fn waiting_in_a_missing_or_removed_folder_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    let line = format!("wait-for --path {}", inner.join("go").display());
    assert_eq!(report(&run(&line))["errno"], "ENOENT");
    fs::create_dir(&inner).expect("created");
    let probe = Running::start(&format!("clocks then {line}"));
    probe.report();
    until("asleep", || probe.is_asleep());
    fs::remove_dir(&inner).expect("removed");
    assert_eq!(probe.report()["errno"], "ENOENT");
    assert_eq!(probe.end().0, Some(1));
}

#[test]
fn kill_signals_the_only_process_that_matches() {
    let mark = format!("/nowhere/{}", own_number());
    let target = Running::start(&format!("stat --path {mark} then hold"));
    target.report();
    target.report();
    let killed = report(&run(&format!("kill --cmdline {mark}")));
    assert_eq!([&killed["ok"], &killed["signal"]], [&json!(true), &json!("KILL")]);
    assert!(killed["found"].as_str().is_some_and(|found| found.ends_with("then hold")));
    assert_eq!(target.end().0, None);
}

#[test]
fn kill_fails_for_no_match_and_for_several() {
    let mark = format!("/nowhere/{}", own_number());
    let line = format!("kill --cmdline {mark} --signal TERM");
    let none = run(&line);
    assert_eq!(none.status.code(), Some(1));
    assert_eq!(report(&none)["errno"], "ESRCH");
    let both = [0, 1].map(|_| Running::start(&format!("stat --path {mark} then hold")));
    for one in &both {
        one.report();
    }
    let several = report(&run(&line));
    assert_eq!(several["ok"], false);
    assert!(several["error"].as_str().is_some_and(|error| error.starts_with("2 processes match")));
}
