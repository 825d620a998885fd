//! Chains, reports, exit codes.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::process;

use serde_json::json;

use crate::support::{lines, probe, report, reports, run};

#[test]
fn nothing_runs_if_any_verb_is_invalid() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x").display().to_string();
    for wrong in
        ["dance", "hold --on-term x", "read", "list --path", "write --path /x --text y --colour red", ""]
    {
        let words =
            ["write", "--path", &path, "--text", "x", "then"].into_iter().chain(wrong.split_whitespace());
        let output = probe(words);
        assert_eq!(output.status.code(), Some(64), "{wrong}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong}");
    }
    assert_eq!(run("").status.code(), Some(64));
    assert!(!folder.path().join("x").exists());
}

#[test]
fn reports_are_numbered_and_timed() {
    let all = reports(&run("clocks then clocks then identity"));
    assert_eq!(all.iter().map(|one| one["seq"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert!(all.iter().all(|one| one["probe"] == 1 && one["ok"] == true));
    for clock in ["realtime_ns", "monotonic_ns", "boottime_ns"] {
        let times: Vec<_> = all.iter().map(|one| one["at"][clock].as_u64().expect("a time")).collect();
        assert!(times[0] > 0 && times.is_sorted(), "{clock} {times:?}");
    }
}

#[test]
fn a_failed_action_ends_the_chain() {
    let output = run("write --path /nowhere/at/all --text x then clocks");
    assert_eq!(output.status.code(), Some(1));
    let report = report(&output);
    assert_eq!(report["ok"], false);
    assert_eq!([&report["verb"], &report["path"]], ["write", "/nowhere/at/all"]);
    assert_eq!([&report["error"], &report["errno"]], ["no such file or directory", "ENOENT"]);
}

#[test]
fn a_look_never_ends_the_chain() {
    let output = run(
        "read --path /nowhere then list --path /proc/self/exe then stat --path /nowhere/x then exit --code 9",
    );
    assert_eq!(output.status.code(), Some(9));
    let all = reports(&output);
    assert_eq!(all.len(), 4);
    assert_eq!(
        [&all[0]["ok"], &all[0]["present"], &all[0]["errno"]],
        [&json!(true), &json!(false), &json!("ENOENT")]
    );
    assert_eq!([&all[1]["ok"], &all[1]["errno"]], [&json!(false), &json!("ENOTDIR")]);
    assert!(all[1].get("present").is_none());
    assert_eq!(all[2]["present"], false);
}

#[test]
fn invalid_utf8_is_replaced_in_a_report() {
    let path = OsString::from_vec(b"/nowhere/\xff\"\n\x1b".to_vec());
    let report = report(&probe([OsString::from("stat"), "--path".into(), path]));
    assert_eq!(report["path"], "/nowhere/\u{fffd}\"\n\u{1b}");
}

#[test]
fn identity_matches_proc() {
    let report = report(&run("identity"));
    for name in ["ipc", "net", "uts", "pid", "mnt", "user", "cgroup"] {
        let link = fs::read_link(format!("/proc/self/ns/{name}")).expect("a link");
        assert_eq!(report["namespaces"][name], link.to_str().expect("text"));
    }
    assert_eq!(report["ppid"], process::id());
    assert!(report["pid1_start_ticks"].as_u64() <= report["self_start_ticks"].as_u64());
    assert!(report["ticks_per_second"].as_u64() > Some(0));
    assert_eq!(report["boot_id"].as_str().map(str::len), Some(36));
}

#[test]
fn help_has_one_line_per_verb() {
    let lines = lines(&run("help"));
    assert!(lines.len() > 25);
    for verb in ["produce", "mq-look", "exit-when", "fetch", "help"] {
        let starts = |line: &&String| line.split_whitespace().next() == Some(verb);
        assert_eq!(lines.iter().filter(starts).count(), 1, "{verb}");
    }
}

#[test]
fn a_set_variable_has_a_value_and_an_unset_one_is_not_present() {
    let path = env::var("PATH").expect("set");
    let all = reports(&run("environment --name PATH then environment --name PODPROOF_NONE"));
    assert_eq!([&all[0]["present"], &all[0]["value"]], [&json!(true), &json!(path)]);
    assert_eq!([&all[1]["ok"], &all[1]["present"]], [true, false]);
    assert_eq!(run("environment --name A=B").status.code(), Some(64));
}
