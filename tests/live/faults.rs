//! The quick tier while parts of the cluster misbehave: hidden results are inconclusive, and no case fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;

use podproof_core::judge::Verdict;
use podproof_core::record::{RunRecord, read_record};
use podproof_tests::{Ended, KeptFolder, kubeconfig, podproof_with_home, run};
use rstest::rstest;

use crate::cluster::ClusterGuard;
use crate::log_cutting::LogCuttingProxy;

/// A script for the node: it repeats the command `$0` until the file is gone, then undoes the fault with `$1`.
const REPEAT: &str = "touch /tmp/fault; while [ -e /tmp/fault ]; do eval \"$0\"; done; eval \"$1\"";

/// A fault that a script on the node causes until this is dropped.
struct NodeFault {
    node: String,
    child: Child,
}

impl NodeFault {
    fn begin(node: &str, cause: &str, undo: &str) -> Self {
        let shell = ["exec", node, "timeout", "7200", "sh", "-c", REPEAT, cause, undo];
        let child = Command::new("docker").args(shell).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { node: node.to_owned(), child: child.expect("docker is installed") }
    }
}

impl Drop for NodeFault {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["exec", &self.node, "rm", "-f", "/tmp/fault"]).output();
        let _ = self.child.wait();
    }
}

// Each fault: the command that causes it, and the command that undoes it.
const RESTARTS_KUBELET: (&str, &str) = ("systemctl restart kubelet; sleep 15", "");
const RESTARTS_CONTAINERD: (&str, &str) = ("systemctl restart containerd; sleep 15", "");
const STOPS_CONTROLLERS: (&str, &str) = (
    "pkill -STOP -f ^kube-controller-manager; sleep 50; pkill -CONT -f ^kube-controller-manager; sleep 10",
    "pkill -CONT -f ^kube-controller-manager",
);
const NO_FAULT: (&str, &str) = ("sleep 1", "");

#[rstest]
#[case::kubelet_restarts("podproof-fault-kubelet", RESTARTS_KUBELET, None)]
#[case::containerd_restarts("podproof-fault-containerd", RESTARTS_CONTAINERD, None)]
#[case::controllers_are_stopped("podproof-fault-controllers", STOPS_CONTROLLERS, None)]
#[case::half_a_processor("podproof-fault-slow", NO_FAULT, Some("0.5"))]
#[ignore = "needs a cluster of its own: make nightly"]
fn no_case_fails_during_a_cluster_fault(
    #[case] cluster: &'static str,
    #[case] (cause, undo): (&str, &str),
    #[case] processors: Option<&str>,
) {
    let _removed = ClusterGuard(cluster);
    let _ = run(&mut podproof_with_home(&["cluster", "up", "--name", cluster])).exits(0);
    let node = format!("{cluster}-control-plane");
    if let Some(processors) = processors {
        let _ = run(Command::new("docker").args(["update", "--cpus", processors, &node])).exits(0);
    }
    let fault = NodeFault::begin(&node, cause, undo);
    let out = KeptFolder::new();
    let place = format!("kind:{cluster}");
    let ended =
        run(podproof_with_home(&["run", "--cluster", &place, "--tier", "quick", "--out"]).arg(out.path()));
    drop(fault);
    assert_no_fail(cluster, &ended, out.path());
}

/// A run by `--context` reads logs through the API server, where a proxy or a load balancer may cut them.
#[test]
#[ignore = "needs a cluster of its own: make nightly"]
fn no_case_fails_when_logs_are_cut() {
    const NAME: &str = "podproof-fault-logs";
    let _removed = ClusterGuard(NAME);
    // This also brings the images of the test pods into the node.
    let warm = ["run", "--cluster", &format!("kind:{NAME}"), "--select", "volume/initially-empty", "--out"];
    let out = KeptFolder::new();
    let _ = run(podproof_with_home(&warm).arg(out.path().join("warm"))).exits(0);
    let proxy = LogCuttingProxy::to(&format!("{NAME}-control-plane"));
    let config = kubeconfig(out.path(), &proxy.server);
    let runs = out.path().join("runs");
    let quick = ["run", "--context", "x", "--tier", "quick", "--kubeconfig"];
    let ended = run(podproof_with_home(&quick).arg(&config).arg("--out").arg(&runs));
    let cut = proxy.cut.load(Ordering::Relaxed);
    assert!(cut > 100, "{cut} responses were cut");
    println!("{cut} responses were cut");
    assert_no_fail(NAME, &ended, &runs);
}

/// Prints the verdicts of a run by cause. Asserts that no case failed and that at least one passed.
fn assert_no_fail(cluster: &str, ended: &Ended, out: &Path) {
    let folder = fs::read_dir(out).unwrap().next().expect("a run leaves a folder").unwrap().path();
    let record = read_record(&folder).unwrap();
    println!("{cluster}: {}", by_cause(&record));
    let failed: Vec<_> =
        record.cases.iter().filter(|case| matches!(case.verdict, Verdict::Fail { .. })).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{ended}");
    assert!(record.cases.iter().any(|case| case.verdict.is_pass()), "{ended}");
}

/// The number of cases per verdict, and the inconclusive claims grouped by the first part of their reason.
fn by_cause(record: &RunRecord) -> String {
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in &record.cases {
        *words.entry(case.verdict.word()).or_default() += 1;
        if let Verdict::Inconclusive { reason } = &case.verdict {
            let cause = reason.split(';').next().unwrap_or(reason).to_owned();
            causes.entry(cause).or_default().push(case.claim.to_string());
        }
    }
    let causes = causes
        .iter()
        .map(|(cause, claims)| format!("\n  {} of: {cause}\n      {}", claims.len(), claims.join(", ")));
    format!("{words:?}{}", causes.collect::<String>())
}
