//! Client problems and other runs never change a cluster, and a node restart during a run gives no verdict.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_matches::assert_matches;
use podproof::run::judge_again;
use podproof_core::judge::Verdict;
use podproof_core::record::read_record;
use podproof_tests::{Ended, podproof_with_home, run};

use crate::cluster::{ClusterGuard, docker, state};

const NAME: &str = "podproof-live-unharmed";
const NODE: &str = "podproof-live-unharmed-control-plane";

/// The id and the start time of the node's container.
fn node_identity() -> String {
    docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", NODE])
}

fn run_command(select: &str, out: &Path) -> Command {
    let mut command =
        podproof_with_home(&["run", "--cluster", &format!("kind:{NAME}"), "--select", select, "--out"]);
    command.arg(out);
    command
}

/// Starts a run and waits until its first case has started.
fn start_and_await_first_case(command: &mut Command) -> (Child, BufReader<std::process::ChildStdout>) {
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

/// Calls `action` while the node is limited to a hundredth of a processor.
fn with_starved_node(action: impl FnOnce() -> Ended) -> Ended {
    docker(&["update", "--cpu-quota", "1000", NODE]);
    let ended = action();
    docker(&["update", "--cpu-quota", "-1", NODE]);
    ended
}

#[test]
#[ignore = "needs a cluster: make test"]
fn client_problems_never_harm_a_cluster() {
    let _removed = ClusterGuard(NAME);
    let _ = run(&mut podproof_with_home(&["cluster", "up", "--name", NAME])).exits(0);
    let (before, out) = (node_identity(), tempfile::tempdir().unwrap());
    println!("before: {before}");

    // The API server is stopped.
    docker(&["exec", NODE, "pkill", "-STOP", "kube-apiserver"]);
    let stopped = run(&mut run_command("ipc/mq-priority", out.path()));
    let state_when_stopped = state(NAME);
    docker(&["exec", NODE, "pkill", "-CONT", "kube-apiserver"]);
    let stopped = stopped.exits(97);
    assert!(stopped.stderr.contains("is running but cannot be used; nothing was removed"), "{stopped}");
    assert!(stopped.stderr.contains(&format!("podproof cluster down --name {NAME}")), "{stopped}");
    assert_eq!((node_identity(), state_when_stopped.as_str()), (before.clone(), "running"));
    println!("after a stopped API server: {}", node_identity());

    // The API server gets almost no processor time: it may be too slow for a run, but the cluster is kept.
    let starved = with_starved_node(|| run(&mut run_command("volume/initially-empty", out.path())));
    assert_matches!(starved.code, Some(0 | 97 | 101), "{starved}");
    assert_eq!((node_identity(), state(NAME).as_str()), (before.clone(), "running"));
    println!("after a starved API server (exit code {:?}): {}", starved.code, node_identity());

    // The proxy in the environment does not exist.
    let mut proxied = run_command("volume/initially-empty", out.path());
    let proxied = proxied.env("HTTPS_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "example.org");
    let _ = run(proxied).exits(0);
    assert_eq!(node_identity(), before);
    println!("after a proxy in the environment: {}", node_identity());

    // A second run and `cluster up` while the first run goes on.
    let (mut first, stdout) =
        start_and_await_first_case(run_command("volume/initially-empty", out.path()).args(["--repeat", "8"]));
    let _ = run(&mut run_command("volume/initially-empty", out.path())).exits(0);
    let _ = run(&mut podproof_with_home(&["cluster", "up", "--name", NAME])).exits(0);
    stdout.lines().for_each(drop);
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(node_identity(), before);
    println!("after a second run beside the first: {}", node_identity());

    // Somebody restarts the node during a run.
    let again = tempfile::tempdir().unwrap();
    let (mut restarted, stdout) = start_and_await_first_case(
        run_command("volume/initially-empty", again.path()).args(["--repeat", "30"]),
    );
    docker(&["restart", "--time", "1", NODE]);
    stdout.lines().for_each(drop);
    assert_eq!(restarted.wait().unwrap().code(), Some(101));
    let folder = std::fs::read_dir(&again).unwrap().next().unwrap().unwrap().path();
    let record = read_record(&folder).unwrap();
    let change = record.change.as_ref().expect("the record says so");
    assert!(change.reason.contains(&format!("its node container `{NODE}` was started again")), "{change:?}");
    let is_decided = |verdict: &Verdict| matches!(verdict, Verdict::Pass | Verdict::Fail { .. });
    assert!(!record.cases.iter().any(|case| is_decided(&case.verdict) && case.started > change.known_until));
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone");

    // The next `cluster up` connects the restarted node, even while others use the cluster. One more has nothing to do.
    let up = || run(&mut podproof_with_home(&["cluster", "up", "--name", NAME])).exits(0);
    let status = run(&mut podproof_with_home(&["cluster", "status", "--message-format", "json"])).exits(0);
    let own_status =
        status.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let own_status = own_status.into_iter().find(|status| status["name"] == NAME).unwrap();
    let folder = Path::new(own_status["kubeconfig"].as_str().unwrap()).parent().unwrap();
    let other_user = File::open(folder.with_file_name(format!("{NAME}.lock"))).unwrap();
    other_user.lock_shared().unwrap();
    let connected = up();
    assert!(connected.stderr.contains("connecting the nodes"), "{connected}");
    assert_eq!(up().stderr, "");
}
