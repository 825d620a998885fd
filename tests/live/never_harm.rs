//! What a client's trouble, a second run and a restart do to a cluster: nothing, nothing, and no verdict.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_matches::assert_matches;
use podproof::judge::Verdict;
use podproof::run::{judge_again, read_record};
use podproof_tests::{Ended, ours, run};

use crate::cluster::{Removed, docker, state};

const NAME: &str = "podproof-live-weather";
const NODE: &str = "podproof-live-weather-control-plane";

/// Which container the node is, and since when it runs.
fn life() -> String {
    docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", NODE])
}

fn checks(select: &str, out: &Path) -> Command {
    let mut command = ours(&["run", "--cluster", &format!("kind:{NAME}"), "--select", select, "--out"]);
    command.arg(out);
    command
}

/// Starts a run and returns when its first case has begun.
fn begun(command: &mut Command) -> (Child, BufReader<std::process::ChildStdout>) {
    let child =
        command.args(["--message-format", "json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(r#""event":"case-started""#) {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the run ends before a case begins");
    }
    (child, stdout)
}

/// Does something while the node has a hundredth of a processor.
fn starved(does: impl FnOnce() -> Ended) -> Ended {
    docker(&["update", "--cpu-quota", "1000", NODE]);
    let ended = does();
    docker(&["update", "--cpu-quota", "-1", NODE]);
    ended
}

#[test]
#[ignore = "needs a cluster: make test"]
fn trouble_of_a_client_does_no_harm_to_a_cluster() {
    let _removed = Removed(NAME);
    let _ = run(&mut ours(&["cluster", "up", "--name", NAME])).exits(0);
    let (before, out) = (life(), tempfile::tempdir().unwrap());
    println!("before: {before}");

    // An API server that stands still.
    docker(&["exec", NODE, "pkill", "-STOP", "kube-apiserver"]);
    let silent = run(&mut checks("ipc/mq-priority", out.path()));
    let called = state(NAME);
    docker(&["exec", NODE, "pkill", "-CONT", "kube-apiserver"]);
    let silent = silent.exits(97);
    assert!(silent.stderr.contains("runs and cannot be used; nothing of it was removed"), "{silent}");
    assert!(silent.stderr.contains(&format!("podproof cluster down --name {NAME}")), "{silent}");
    assert_eq!((life(), called.as_str()), (before.clone(), "running"));
    println!("after an API server that stood still: {}", life());

    // An API server that gets next to no processor: it may be too slow for a run, and never too slow to be kept.
    let starved = starved(|| run(&mut checks("volume/initially-empty", out.path())));
    assert_matches!(starved.code, Some(0 | 97 | 101), "{starved}");
    assert_eq!((life(), state(NAME).as_str()), (before.clone(), "running"));
    println!("after one that was starved (exit code {:?}): {}", starved.code, life());

    // A proxy that is not there.
    let mut proxied = checks("volume/initially-empty", out.path());
    let proxied = proxied.env("HTTPS_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "example.org");
    let _ = run(proxied).exits(0);
    assert_eq!(life(), before);
    println!("after a proxy in the environment: {}", life());

    // A second run beside the first, and somebody who would remove the cluster meanwhile.
    let (mut first, stdout) = begun(checks("volume/initially-empty", out.path()).args(["--repeat", "8"]));
    let _ = run(&mut checks("volume/initially-empty", out.path())).exits(0);
    let _ = run(&mut ours(&["cluster", "up", "--name", NAME])).exits(0);
    stdout.lines().for_each(drop);
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(life(), before);
    println!("after a second run beside the first: {}", life());

    // A node that somebody starts again under a run.
    let again = tempfile::tempdir().unwrap();
    let (mut restarted, stdout) =
        begun(checks("volume/initially-empty", again.path()).args(["--repeat", "30"]));
    docker(&["restart", "--time", "1", NODE]);
    stdout.lines().for_each(drop);
    assert_eq!(restarted.wait().unwrap().code(), Some(101));
    let folder = std::fs::read_dir(&again).unwrap().next().unwrap().unwrap().path();
    let record = read_record(&folder).unwrap();
    let change = record.change.as_ref().expect("the record says so");
    assert!(change.reason.contains(&format!("its node container `{NODE}` was started again")), "{change:?}");
    let decided = |verdict: &Verdict| matches!(verdict, Verdict::Pass | Verdict::Fail { .. });
    assert!(!record.cases.iter().any(|case| decided(&case.verdict) && case.started > change.known_until));
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone");

    // Nobody has connected it since, and whoever comes next does, also beside others; once.
    let up = || run(&mut ours(&["cluster", "up", "--name", NAME])).exits(0);
    let status = run(&mut ours(&["cluster", "status", "--message-format", "json"])).exits(0);
    let of_ours = status.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let of_ours = of_ours.into_iter().find(|status| status["name"] == NAME).unwrap();
    let folder = Path::new(of_ours["kubeconfig"].as_str().unwrap()).parent().unwrap();
    let beside = File::open(folder.with_file_name(format!("{NAME}.lock"))).unwrap();
    beside.lock_shared().unwrap();
    let connected = up();
    assert!(connected.stderr.contains("connecting the nodes"), "{connected}");
    assert_eq!(up().stderr, "");
}
