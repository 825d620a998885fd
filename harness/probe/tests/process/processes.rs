//! `processes` and `peek`.

use std::fs;
use std::process;

use serde_json::json;

use crate::support::{Running, own_number, report, reports, run};

#[test]
fn the_list_of_processes_includes_the_probe() {
    let all = reports(&run("identity then processes"));
    let listed = all[1]["processes"].as_array().expect("a list");
    assert_eq!(all[1]["self"], all[0]["pid"]);
    assert_eq!(all[1]["count"].as_u64().map(|count| count.min(200)), u64::try_from(listed.len()).ok());
    if listed.len() < 200 {
        let own = listed.iter().find(|one| one["pid"] == all[0]["pid"]).expect("listed");
        assert_eq!(own["uid"], all[0]["uid"]);
        assert!(own["cmdline"].as_str().is_some_and(|line| line.ends_with("identity then processes")));
        assert!(listed.iter().any(|one| one["pid"] == process::id()));
    }
}

#[test]
fn peek_reads_a_file_in_the_root_of_another_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    fs::write(&path, "secret").expect("written");
    let mark = format!("/nowhere/{}", own_number());
    let target = Running::start(&format!("stat --path {mark} then hold"));
    target.report();
    target.report();
    let line = format!("peek --cmdline {mark} --path {}", path.display());
    let seen = report(&run(&line));
    assert_eq!(
        [&seen["ok"], &seen["present"], &seen["content"]],
        [&json!(true), &json!(true), &json!("secret")]
    );
    assert!(seen["pid"].is_number());
    let absent = report(&run(&format!("{line}-not")));
    assert_eq!(
        [&absent["ok"], &absent["present"], &absent["pid"]],
        [&json!(true), &json!(false), &seen["pid"]]
    );
    drop(target);
    let output = run(&line);
    assert!(output.status.success());
    let nobody = report(&output);
    assert_eq!([&nobody["ok"], &nobody["errno"]], [&json!(false), &json!("ESRCH")]);
    assert!(nobody.get("present").is_none() && nobody.get("pid").is_none());
}
