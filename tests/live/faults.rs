//! The whole quick tier under faults of a cluster's own parts: what they hide is inconclusive, and nothing fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;

use podproof::judge::Verdict;
use podproof::run::{RunRecord, read_record};
use podproof_tests::{Ended, Kept, kubeconfig, ours, run};
use rstest::rstest;

use crate::cluster::Removed;
use crate::cutting::CuttingWay;

/// The node does this again and again until the file is gone; the last command puts back what was changed.
const AGAIN_AND_AGAIN: &str = "touch /tmp/fault; while [ -e /tmp/fault ]; do eval \"$0\"; done; eval \"$1\"";

/// A fault that the node brings about by itself.
struct NodeFault {
    node: String,
    child: Child,
}

impl NodeFault {
    fn begin(node: &str, does: &str, puts_back: &str) -> Self {
        let shell = ["exec", node, "timeout", "7200", "sh", "-c", AGAIN_AND_AGAIN, does, puts_back];
        let child = Command::new("docker").args(shell).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { node: node.to_owned(), child: child.expect("the engine's program is there") }
    }
}

impl Drop for NodeFault {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["exec", &self.node, "rm", "-f", "/tmp/fault"]).output();
        let _ = self.child.wait();
    }
}

/// What is wrong, and what it takes to put it right.
const RESTARTS_KUBELET: (&str, &str) = ("systemctl restart kubelet; sleep 15", "");
const RESTARTS_CONTAINERD: (&str, &str) = ("systemctl restart containerd; sleep 15", "");
const STOPS_CONTROLLERS: (&str, &str) = (
    "pkill -STOP -f ^kube-controller-manager; sleep 50; pkill -CONT -f ^kube-controller-manager; sleep 10",
    "pkill -CONT -f ^kube-controller-manager",
);
const NOTHING: (&str, &str) = ("sleep 1", "");

#[rstest]
#[case::kubelet_restarts("podproof-fault-kubelet", RESTARTS_KUBELET, None)]
#[case::containerd_restarts("podproof-fault-containerd", RESTARTS_CONTAINERD, None)]
#[case::controllers_stand_still("podproof-fault-controllers", STOPS_CONTROLLERS, None)]
#[case::half_a_processor("podproof-fault-slow", NOTHING, Some("0.5"))]
#[ignore = "needs a cluster of its own: make nightly"]
fn nothing_fails_that_a_fault_has_hidden(
    #[case] cluster: &'static str,
    #[case] (does, puts_back): (&str, &str),
    #[case] processors: Option<&str>,
) {
    let _removed = Removed(cluster);
    let _ = run(&mut ours(&["cluster", "up", "--name", cluster])).exits(0);
    let node = format!("{cluster}-control-plane");
    if let Some(processors) = processors {
        let _ = run(Command::new("docker").args(["update", "--cpus", processors, &node])).exits(0);
    }
    let fault = NodeFault::begin(&node, does, puts_back);
    let out = Kept::new();
    let place = format!("kind:{cluster}");
    let ended = run(ours(&["run", "--cluster", &place, "--tier", "quick", "--out"]).arg(out.path()));
    drop(fault);
    assert_no_fail(cluster, &ended, out.path());
}

/// The way of a run that has no node containers: what a proxy or a load balancer makes of an API server.
#[test]
#[ignore = "needs a cluster of its own: make nightly"]
fn nothing_fails_whose_log_was_cut() {
    const NAME: &str = "podproof-fault-logs";
    let _removed = Removed(NAME);
    // This also brings the images of the test pods into the node.
    let warm = ["run", "--cluster", &format!("kind:{NAME}"), "--select", "volume/initially-empty", "--out"];
    let out = Kept::new();
    let _ = run(ours(&warm).arg(out.path().join("warm"))).exits(0);
    let way = CuttingWay::to(&format!("{NAME}-control-plane"));
    let config = kubeconfig(out.path(), &way.server);
    let runs = out.path().join("runs");
    let quick = ["run", "--context", "x", "--tier", "quick", "--kubeconfig"];
    let ended = run(ours(&quick).arg(&config).arg("--out").arg(&runs));
    let cut = way.cut.load(Ordering::Relaxed);
    assert!(cut > 100, "{cut} answers were cut");
    println!("{cut} answers were cut");
    assert_no_fail(NAME, &ended, &runs);
}

/// Prints what a run found, by cause; nothing of it may be a fail, and something must have been possible.
fn assert_no_fail(cluster: &str, ended: &Ended, out: &Path) {
    let folder = fs::read_dir(out).unwrap().next().expect("a run leaves a folder").unwrap().path();
    let record = read_record(&folder).unwrap();
    println!("{cluster}: {}", by_cause(&record));
    let failed: Vec<_> =
        record.cases.iter().filter(|case| matches!(case.verdict, Verdict::Fail { .. })).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{ended}");
    assert!(record.cases.iter().any(|case| case.verdict.is_pass()), "{ended}");
}

/// How many cases had which verdict, and what made them inconclusive, without what is different from case to case.
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
