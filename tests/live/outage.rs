//! A node stops while podproof waits for an event on it: the case is inconclusive, not a fail.

use std::process::{Command, Stdio};

use podproof::run::judge_again;
use podproof_core::judge::Verdict;
use podproof_core::record::read_record;
use podproof_tests::{KeptFolder, manifests_with, podproof_with_home, run};
use rstest::rstest;

use crate::cluster::ClusterGuard;

const CASE: &str = "startup/poststart-failure";

/// The catalogue's manifest, but the hook of the second container never ends, so that the kubelet never restarts the
/// first one.
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

/// Stops the program `$0` on the node as soon as an event reports that the second container started.
const STOP: &str = "export KUBECONFIG=/etc/kubernetes/admin.conf
timeout 300 kubectl get events --all-namespaces --watch | {
    grep --max-count=1 'Started container second' && pkill -STOP -x $0 && pkill kubectl
}";

#[rstest]
#[case::kubelet("kubelet", "podproof-live-kubelet-stopped", &["renewed no lease", "is not ready"])]
#[case::runtime("containerd", "podproof-live-runtime-stopped", &["does not answer", "not ready"])]
#[ignore = "needs a cluster, and minutes: make nightly"]
fn an_event_missing_because_the_node_stopped_is_never_a_fail(
    #[case] stopped: &str,
    #[case] cluster: &'static str,
    #[case] reasons: &[&str],
) {
    let _removed = ClusterGuard(cluster);
    let _ = run(&mut podproof_with_home(&["cluster", "up", "--name", cluster])).exits(0);
    let node = format!("{cluster}-control-plane");
    let mut stopper = Command::new("docker")
        .args(["exec", &node, "sh", "-c", STOP, stopped])
        .stdout(Stdio::null())
        .spawn()
        .expect("docker is installed");

    let (out, manifests) = (KeptFolder::new(), manifests_with(CASE, MANIFEST));
    let mut command = podproof_with_home(&["run", "--cluster", &format!("kind:{cluster}"), "--select", CASE]);
    let ended = run(command.arg("--manifests").arg(manifests.path()).arg("--out").arg(out.path()));
    let ended = ended.exits(101);

    let end = stopper.try_wait().unwrap();
    assert!(end.is_some_and(|status| status.success()), "nothing was stopped: {end:?}\n{ended}");
    let folder = out.run_folder();
    let record = read_record(&folder).unwrap();
    let Verdict::Inconclusive { reason } = &record.cases[0].verdict else {
        panic!("{:?}\n{ended}", record.cases[0].verdict);
    };
    assert!(reason.contains(&node) && reasons.iter().any(|why| reason.contains(why)), "{reason}");
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone");
}
