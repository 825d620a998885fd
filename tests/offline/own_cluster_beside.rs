//! podproof's own cluster together with other engines, other podproof processes, and a restarted engine.

use std::fs::{self, File, TryLockError};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use assert_matches::assert_matches;
use podproof_tests::{kubeconfig, run};
use serde_json::{Value, json};

use crate::fake_api::{FakeApi, Fate, Request};
use crate::own_cluster::{FakeHost, LONG_AGO, NODE};

/// Installs a fake engine with this id. It lists the containers in `ps.json`.
fn engine(host: &FakeHost, id: &str) {
    let script = format!(
        "case \"$1\" in version) echo 27;; info) echo {id};; ps) cat \"$HOME/ps.json\";;\n\
         context) echo 'default tcp://192.0.2.1:2375';; inspect) echo {NODE} since-then;; manifest) exit 1;; esac"
    );
    host.script("docker", &script);
}

fn set_engine_in_mark(host: &FakeHost, id: &str) {
    let mut mark: Value = serde_json::from_slice(&fs::read(host.mark()).unwrap()).unwrap();
    mark["engine"] = json!({ "id": id, "reached": "DOCKER_HOST=ssh://there" });
    fs::write(host.mark(), mark.to_string()).unwrap();
}

#[test]
fn a_cluster_of_another_engine_is_left_unchanged() {
    for listed in [false, true] {
        let host = FakeHost::with(&[NODE]);
        engine(&host, "HERE");
        set_engine_in_mark(&host, "THERE");
        if listed {
            host.node("exited", LONG_AGO);
        } else {
            fs::write(host.path("ps.json"), "").unwrap();
        }
        let before = fs::read(host.mark()).unwrap();
        for args in [
            &["cluster", "up", "--name", "x"][..],
            &["cluster", "down", "--name", "x"],
            &["run", "--cluster", "kind:x", "--out", "/dev/null/x"],
        ] {
            let end = run(host.command(args).env("PODPROOF_PROBE", "/bin/true")).exits(97);
            let expected = "cluster `x` was made on another container engine, engine THERE (`DOCKER_HOST=ssh://there`); the one \
                        that answers is engine HERE (`DOCKER_HOST=tcp://192.0.2.1:2375`); nothing was changed";
            assert!(end.stderr.contains(expected), "{end}");
            assert!(end.stderr.contains("`export DOCKER_HOST=ssh://there` selects its engine"), "{end}");
            host.assert_unharmed();
        }
        let status = run(&mut host.command(&["cluster", "status"])).exits(0);
        assert!(status.stdout.contains("elsewhere") && status.stdout.contains("engine THERE"), "{status}");
        assert_eq!(fs::read(host.mark()).unwrap(), before);
    }
}

/// Creates a cluster with a fake `kind` that copies the mark and then fails. Returns all calls.
fn attempt_creation(host: &FakeHost) -> String {
    host.remove_cluster();
    host.script(
        "kind",
        "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; create) cp \"$XDG_STATE_HOME/podproof/clusters/x/mark.json\" \"$HOME/seen\"; exit 7;; esac",
    );
    let end = run(&mut host.command(&["cluster", "up", "--name", "x", "--image", "i:1"])).exits(97);
    assert!(end.stderr.contains("create cluster `x`"), "{end}");
    host.calls()
}

#[test]
fn the_mark_says_on_which_engine_a_cluster_is_made() {
    let host = FakeHost::with(&[NODE]);
    engine(&host, "HERE");
    let _ = attempt_creation(&host);
    let mark: Value = serde_json::from_slice(&fs::read(host.path("seen")).unwrap()).unwrap();
    assert_eq!(mark["engine"], json!({ "id": "HERE", "reached": "DOCKER_HOST=tcp://192.0.2.1:2375" }));
}

#[test]
fn the_engine_is_checked_again_after_the_mark_is_written() {
    let host = FakeHost::with(&[NODE]);
    engine(&host, "HERE");
    let calls = attempt_creation(&host);
    let (before, _) = calls.split_once("kind create").unwrap();
    assert_eq!(before.matches("docker version").count(), 2, "{calls}");
}

fn begin_up(host: &FakeHost) -> Child {
    let mut up = host.command(&["cluster", "up", "--name", "x", "--image", "i:1"]);
    up.stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn creating_a_cluster_locks_the_configuration_of_the_engine() {
    let host = FakeHost::without_a_cluster();
    let pipe = host.path("building");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    host.script(
        "docker",
        "case \"$1\" in version) echo 27;; ps) ;; image) echo > \"$HOME/building\"; exec sleep 987;; esac",
    );
    let mut up = begin_up(&host);
    fs::read(&pipe).unwrap();
    let held = File::open(host.path("state/podproof/engine-users.lock")).unwrap();
    assert!(!host.mark().exists());
    assert_matches!(held.try_lock(), Err(TryLockError::WouldBlock));
    assert_matches!(held.try_lock_shared(), Ok(()));
    up.kill().unwrap();
    up.wait().unwrap();
}

#[test]
fn the_nodes_of_a_creation_that_was_killed_stop_and_stay() {
    let host = FakeHost::without_a_cluster();
    let pipes = ["creating", "stopped"].map(|name| host.path(name));
    assert!(std::process::Command::new("mkfifo").args(&pipes).status().unwrap().success());
    host.script(
        "docker",
        "case \"$*\" in version*) echo 27;; 'ps --quiet --filter label=io.x-k8s.kind.cluster=x') echo n1;;\n\
         kill*) echo \"$2\" > \"$HOME/stopped\";; esac",
    );
    host.script(
        "kind",
        "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; create) echo > \"$HOME/creating\"; exec sleep 987;; esac",
    );
    let mut up = begin_up(&host);
    fs::read(&pipes[0]).unwrap();
    up.kill().unwrap();
    up.wait().unwrap();
    assert_eq!(fs::read_to_string(&pipes[1]).unwrap(), "n1\n");
    assert!(!host.calls().contains(" rm") && !host.calls().contains("delete"), "{}", host.calls());
    assert!(host.mark().is_file());
}

fn refuse_pods(request: &Request, _before: usize) -> Fate {
    if request.is("POST", "/api/v1/namespaces/default/pods") { Fate::Refused(403) } else { Fate::Answered }
}

#[test]
fn restarted_nodes_are_tested_before_use_even_if_others_use_them() {
    let host = FakeHost::with(&[NODE]);
    engine(&host, "HERE");
    host.node("running", LONG_AGO);
    let api = FakeApi::new(refuse_pods);
    api.keep(
        "/api/v1/namespaces/default/serviceaccounts/default",
        json!({ "metadata": { "name": "default" } }),
    );
    let known = kubeconfig(host.home(), &api.address);
    let text = fs::read_to_string(known).unwrap().replace("name: x,", "name: kind-x,");
    fs::write(host.cluster().join("kubeconfig"), text).unwrap();
    let other = File::create(host.path("state/podproof/clusters/x.lock")).unwrap();
    other.lock_shared().unwrap();
    let proofs = || {
        let pods = "/api/v1/namespaces/default/pods";
        api.requests().iter().filter(|request| request.is("POST", pods)).count()
    };
    let up = ["cluster", "up", "--name", "x"];

    // No proof is known since this start of the node.
    for proved in [None, Some(json!([format!("{NODE} before")]))] {
        if let Some(proved) = proved {
            fs::write(host.cluster().join("proved.json"), proved.to_string()).unwrap();
        }
        let before = proofs();
        let end = run(&mut host.command(&up)).exits(97);
        assert!(end.stderr.contains("cluster `x` is running but cannot be used"), "{end}");
        assert_eq!(proofs(), before + 1, "{end}");
        host.assert_unharmed();
    }

    // A proof since this start is known.
    fs::write(host.cluster().join("proved.json"), json!([format!("{NODE} since-then")]).to_string()).unwrap();
    let before = proofs();
    let end = run(&mut host.command(&up)).exits(0);
    assert_eq!((end.stderr.as_str(), proofs()), ("", before));
}

/// Starts a run by a context with another name. Returns it and its stderr.
fn by_context(host: &FakeHost, server: &str) -> (Child, BufReader<ChildStderr>) {
    fs::create_dir_all(host.path("users")).unwrap();
    let users = kubeconfig(&host.path("users"), server);
    let args = ["run", "--context", "x", "--select", "volume/initially-empty", "--kubeconfig"];
    let mut command = host.command(&args);
    command.arg(users).args(["--out", "/dev/null/x"]).env("PODPROOF_PROBE", "/bin/true");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

#[test]
fn podproofs_own_cluster_is_locked_whatever_context_is_used() {
    let host = FakeHost::with(&[NODE]);
    let own = kubeconfig(host.home(), "https://127.0.0.1:1");
    let text = fs::read_to_string(own).unwrap().replace("name: x,", "name: kind-x,");
    fs::write(host.cluster().join("kubeconfig"), text).unwrap();
    let lock = File::create(host.path("state/podproof/clusters/x.lock")).unwrap();
    lock.lock().unwrap();

    // Another cluster is not locked.
    let (mut other, stderr) = by_context(&host, "https://127.0.0.1:2");
    let said: Vec<_> = stderr.lines().map(Result::unwrap).collect();
    assert_eq!(other.wait().unwrap().code(), Some(97), "{said:?}");
    assert!(!said.concat().contains("waiting"), "{said:?}");

    let (mut same, mut stderr) = by_context(&host, "https://127.0.0.1:1");
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("waiting for another podproof that uses cluster `x`"), "{said}");
    lock.unlock().unwrap();
    stderr.lines().for_each(drop);
    assert_eq!(same.wait().unwrap().code(), Some(97));
}
