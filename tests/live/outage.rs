//! A node that dies while something is awaited on it: that it did not come says nothing then.

use std::process::{Command, Stdio};

use podproof::judge::Verdict;
use podproof::run::{judge_again, read_record};
use podproof_tests::{Kept, manifests_with, ours, run};
use rstest::rstest;

use crate::cluster::Removed;

const CASE: &str = "startup/poststart-failure";

/// As in the catalogue, but that the kubelet never comes to restart the first container: the hook of the second does not
/// end.
const MANIFEST: &str = "apiVersion: v1
kind: Pod
metadata: { name: two }
spec:
  restartPolicy: Always
  containers:
    - name: first
      image: podproof/probe
      args: [hold]
      lifecycle:
        postStart:
          exec: { command: [/probe, exit, --code, '1'] }
    - name: second
      image: podproof/probe
      args: [hold]
      lifecycle:
        postStart:
          exec: { command: [/probe, hold] }
";

/// Stops a program of the node when the second container has been told started.
const STOP: &str = "export KUBECONFIG=/etc/kubernetes/admin.conf
timeout 300 kubectl get events --all-namespaces --watch | {
    grep --max-count=1 'Started container second' && pkill -STOP -x $0 && pkill kubectl
}";

#[rstest]
#[case::kubelet("kubelet", "podproof-live-kubelet-stands", &["renewed no lease", "is not ready"])]
#[case::runtime("containerd", "podproof-live-runtime-stands", &["does not answer", "not ready"])]
#[ignore = "needs a cluster, and minutes: make nightly"]
fn what_did_not_come_while_the_node_stood_still_is_never_a_fail(
    #[case] stopped: &str,
    #[case] cluster: &'static str,
    #[case] reasons: &[&str],
) {
    let _removed = Removed(cluster);
    let _ = run(&mut ours(&["cluster", "up", "--name", cluster])).exits(0);
    let node = format!("{cluster}-control-plane");
    let mut stopper = Command::new("docker")
        .args(["exec", &node, "sh", "-c", STOP, stopped])
        .stdout(Stdio::null())
        .spawn()
        .expect("the engine's program is there");

    let (out, manifests) = (Kept::new(), manifests_with(CASE, MANIFEST));
    let mut command = ours(&["run", "--cluster", &format!("kind:{cluster}"), "--select", CASE]);
    let ended = run(command.arg("--manifests").arg(manifests.path()).arg("--out").arg(out.path()));
    let ended = ended.exits(101);

    let end = stopper.try_wait().unwrap();
    assert!(end.is_some_and(|status| status.success()), "nothing was stopped: {end:?}\n{ended}");
    let folder = out.the_run();
    let record = read_record(&folder).unwrap();
    let Verdict::Inconclusive { reason } = &record.cases[0].verdict else {
        panic!("{:?}\n{ended}", record.cases[0].verdict);
    };
    assert!(reason.contains(&node) && reasons.iter().any(|why| reason.contains(why)), "{reason}");
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone");
}
