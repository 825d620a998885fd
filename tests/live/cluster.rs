//! `podproof cluster` with real clusters. Each test has its own cluster name.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use podproof_tests::{Ended, podproof_with_home, run};
use rstest::rstest;

pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().expect("docker is installed");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn containers(cluster: &str) -> String {
    docker(&[
        "ps",
        "--all",
        "--quiet",
        "--no-trunc",
        "--filter",
        &format!("label=io.x-k8s.kind.cluster={cluster}"),
    ])
}

pub(crate) fn state(cluster: &str) -> String {
    let status = run(&mut podproof_with_home(&["cluster", "status", "--message-format", "json"])).exits(0);
    let lines = status.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut found = lines.filter(|line| line["name"] == cluster);
    found.next().map_or_else(|| "unknown".to_owned(), |line| line["state"].as_str().unwrap().to_owned())
}

/// Removes the cluster when it is dropped, so also when the test fails.
pub(crate) struct ClusterGuard(pub(crate) &'static str);

impl Drop for ClusterGuard {
    fn drop(&mut self) {
        let _ = podproof_with_home(&["cluster", "down", "--name", self.0]).output();
    }
}

fn spawn_podproof(args: &[&str]) -> Child {
    podproof_with_home(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn wait_for(child: Child) -> Ended {
    let output = child.wait_with_output().expect("the program ends");
    Ended {
        command: "podproof cluster up".to_owned(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn a_cluster_is_created_once_reused_restarted_and_removed() {
    const NAME: &str = "podproof-live-life";
    let up = ["cluster", "up", "--name", NAME];
    let _removed = ClusterGuard(NAME);

    // Two callers, one creation.
    let (one, two) = (spawn_podproof(&up), spawn_podproof(&up));
    let (one, two) = (wait_for(one).exits(0), wait_for(two).exits(0));
    assert_eq!(one.stdout, two.stdout);
    let waited =
        [&one, &two].iter().filter(|end| end.stderr.contains("waiting for another podproof")).count();
    let created = [&one, &two].iter().filter(|end| end.stderr.contains("creating cluster")).count();
    assert!(waited >= 1 && created == 1, "{one}\n{two}");
    let made = containers(NAME);
    assert_eq!(made.lines().count(), 1);
    assert!(Path::new(one.stdout.trim()).is_file(), "{one}");

    // A healthy cluster is used at once.
    let warm = run(&mut podproof_with_home(&up)).exits(0);
    assert_eq!((warm.stderr.as_str(), containers(NAME)), ("", made.clone()), "nothing had to be done");
    assert_eq!(state(NAME), "running");

    // A killed node container is started again.
    docker(&["kill", &made]);
    assert_eq!(state(NAME), "stopped");
    let back = run(&mut podproof_with_home(&up)).exits(0);
    assert_eq!(containers(NAME), made, "{back}");
    assert_eq!(state(NAME), "running");

    // Another topology under the same name is refused, not silently ignored.
    let other =
        run(&mut podproof_with_home(&["cluster", "up", "--name", NAME, "--config", "three-nodes"])).exits(97);
    assert!(other.stderr.contains("one-node instead of three-nodes"), "{other}");

    let down = ["cluster", "down", "--name", NAME];
    let _ = run(&mut podproof_with_home(&down)).exits(0);
    assert_eq!(containers(NAME), "");
    assert_eq!(state(NAME), "unknown");
    let _ = run(&mut podproof_with_home(&down)).exits(0);
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn a_half_created_cluster_is_created_again() {
    const NAME: &str = "podproof-live-killed";
    let up = ["cluster", "up", "--name", NAME];
    let _removed = ClusterGuard(NAME);
    let mut first = spawn_podproof(&up);
    while containers(NAME).is_empty() {
        assert!(first.try_wait().unwrap().is_none(), "{}", wait_for(first));
        std::thread::sleep(Duration::from_millis(100));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let again = run(&mut podproof_with_home(&up)).exits(0);
    assert!(again.stderr.contains("was not completely created"), "{again}");
    assert_eq!(state(NAME), "running");
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn a_cluster_that_podproof_did_not_create_is_left_alone() {
    const NAME: &str = "podproof-live-foreign";
    let image = docker(&["ps", "--filter", "label=io.x-k8s.kind.cluster", "--format", "{{.Image}}"]);
    let image = image.lines().next().expect("a cluster is up");
    let label = format!("io.x-k8s.kind.cluster={NAME}");
    let foreign = docker(&[
        "run",
        "--detach",
        "--network",
        "none",
        "--label",
        &label,
        "--entrypoint",
        "sleep",
        image,
        "infinity",
    ]);
    let up = run(&mut podproof_with_home(&["cluster", "up", "--name", NAME]));
    let down = run(&mut podproof_with_home(&["cluster", "down", "--name", NAME]));
    let still = containers(NAME);
    docker(&["rm", "--force", "--volumes", &foreign]);
    for end in [up.exits(97), down.exits(97)] {
        assert!(end.stderr.contains("was not made by podproof"), "{end}");
    }
    assert_eq!(still, foreign);
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn an_unavailable_image_is_reported_within_a_minute() {
    const NAME: &str = "podproof-live-noimage";
    let start = Instant::now();
    let up = run(&mut podproof_with_home(&[
        "cluster",
        "up",
        "--name",
        NAME,
        "--image",
        "podproof.local/no-such:1",
    ]))
    .exits(97);
    assert!(up.stderr.contains("podproof.local/no-such:1"), "{up}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(containers(NAME), "");
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn a_creation_that_fails_keeps_the_node_logs_and_shows_the_cause() {
    const NAME: &str = "podproof-live-broken";
    let _removed = ClusterGuard(NAME);
    let image = docker(&["ps", "--filter", "label=io.x-k8s.kind.cluster", "--format", "{{.Image}}"]);
    let image = image.lines().next().expect("a cluster is up");
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), "#!/bin/sh\necho no Kubernetes today >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(script.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let container = docker(&["create", "--network", "none", image]);
    docker(&["cp", script.path().to_str().unwrap(), &format!("{container}:/usr/bin/kubeadm")]);
    let broken = format!("podproof.local/broken:{}", std::process::id());
    docker(&["commit", &container, &broken]);
    docker(&["rm", "--volumes", &container]);

    let up = run(&mut podproof_with_home(&["cluster", "up", "--name", NAME, "--image", &broken]));
    docker(&["image", "rm", "--force", &broken]);
    let up = up.exits(97);
    assert!(up.stderr.contains("no Kubernetes today"), "{up}");
    let (_, rest) = up.stderr.split_once("(node logs: ").unwrap_or_else(|| panic!("{up}"));
    let logs = Path::new(rest.split_once(')').unwrap().0);
    let node = logs.join(format!("{NAME}-control-plane"));
    assert!(node.join("journal.log").is_file() && node.join("kubelet.log").is_file(), "{up}");
    assert_eq!(containers(NAME), "");
}
