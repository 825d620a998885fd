//! A cluster of podproof's own beside other engines, other podproofs, and an engine that was started again.

use std::fs::{self, File, TryLockError};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use assert_matches::assert_matches;
use podproof_tests::{kubeconfig, run};
use serde_json::{Value, json};

use crate::fake_api::{Asked, FakeApi, Fate};
use crate::own_cluster::{LONG_AGO, NODE, Place};

/// An engine of this name that has what `ps.json` lists, whose containers run since `start`.
fn engine(place: &Place, id: &str) {
    let script = format!(
        "case \"$1\" in version) echo 27;; info) echo {id};; ps) cat \"$HOME/ps.json\";;\n\
         context) echo 'default tcp://192.0.2.1:2375';; inspect) echo {NODE} since-then;; manifest) exit 1;; esac"
    );
    place.script("docker", &script);
}

fn made_on(place: &Place, id: &str) {
    let mut mark: Value = serde_json::from_slice(&fs::read(place.mark()).unwrap()).unwrap();
    mark["engine"] = json!({ "id": id, "reached": "DOCKER_HOST=ssh://there" });
    fs::write(place.mark(), mark.to_string()).unwrap();
}

#[test]
fn a_cluster_of_another_engine_is_left_as_it_is() {
    for listed in [false, true] {
        let place = Place::with(&[NODE]);
        engine(&place, "HERE");
        made_on(&place, "THERE");
        if listed {
            place.node("exited", LONG_AGO);
        } else {
            fs::write(place.path("ps.json"), "").unwrap();
        }
        let before = fs::read(place.mark()).unwrap();
        for args in [
            &["cluster", "up", "--name", "x"][..],
            &["cluster", "down", "--name", "x"],
            &["run", "--cluster", "kind:x", "--out", "/dev/null/x"],
        ] {
            let end = run(place.command(args).env("PODPROOF_PROBE", "/bin/true")).exits(97);
            let says = "cluster `x` was made on another container engine, engine THERE (`DOCKER_HOST=ssh://there`); the one \
                        that answers is engine HERE (`DOCKER_HOST=tcp://192.0.2.1:2375`); nothing was changed";
            assert!(end.stderr.contains(says), "{end}");
            assert!(end.stderr.contains("`export DOCKER_HOST=ssh://there` leads to its engine"), "{end}");
            place.assert_unharmed();
        }
        let status = run(&mut place.command(&["cluster", "status"])).exits(0);
        assert!(status.stdout.contains("elsewhere") && status.stdout.contains("engine THERE"), "{status}");
        assert_eq!(fs::read(place.mark()).unwrap(), before);
    }
}

/// A kind that has seen the mark, and makes no cluster.
fn make(place: &Place) -> String {
    place.forget_the_cluster();
    place.script(
        "kind",
        "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; create) cp \"$XDG_STATE_HOME/podproof/clusters/x/mark.json\" \"$HOME/seen\"; exit 7;; esac",
    );
    let end = run(&mut place.command(&["cluster", "up", "--name", "x", "--image", "i:1"])).exits(97);
    assert!(end.stderr.contains("create cluster `x`"), "{end}");
    place.asked()
}

#[test]
fn the_mark_says_on_which_engine_a_cluster_is_made() {
    let place = Place::with(&[NODE]);
    engine(&place, "HERE");
    let _ = make(&place);
    let mark: Value = serde_json::from_slice(&fs::read(place.path("seen")).unwrap()).unwrap();
    assert_eq!(mark["engine"], json!({ "id": "HERE", "reached": "DOCKER_HOST=tcp://192.0.2.1:2375" }));
}

#[test]
fn the_engine_is_looked_at_once_more_when_the_mark_is_there() {
    let place = Place::with(&[NODE]);
    engine(&place, "HERE");
    let asked = make(&place);
    let (before, _) = asked.split_once("kind create").unwrap();
    assert_eq!(before.matches("docker version").count(), 2, "{asked}");
}

fn begin_up(place: &Place) -> Child {
    let mut up = place.command(&["cluster", "up", "--name", "x", "--image", "i:1"]);
    up.stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn who_makes_a_cluster_keeps_the_engines_configuration() {
    let place = Place::without_a_cluster();
    let pipe = place.path("building");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    place.script(
        "docker",
        "case \"$1\" in version) echo 27;; ps) ;; image) echo > \"$HOME/building\"; exec sleep 987;; esac",
    );
    let mut up = begin_up(&place);
    fs::read(&pipe).unwrap();
    let held = File::open(place.path("state/podproof/engine-users.lock")).unwrap();
    assert!(!place.mark().exists());
    assert_matches!(held.try_lock(), Err(TryLockError::WouldBlock));
    assert_matches!(held.try_lock_shared(), Ok(()));
    up.kill().unwrap();
    up.wait().unwrap();
}

#[test]
fn the_nodes_of_a_creation_that_was_killed_stop_and_stay() {
    let place = Place::without_a_cluster();
    let pipes = ["creating", "stopped"].map(|name| place.path(name));
    assert!(std::process::Command::new("mkfifo").args(&pipes).status().unwrap().success());
    place.script(
        "docker",
        "case \"$*\" in version*) echo 27;; 'ps --quiet --filter label=io.x-k8s.kind.cluster=x') echo n1;;\n\
         kill*) echo \"$2\" > \"$HOME/stopped\";; esac",
    );
    place.script(
        "kind",
        "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; create) echo > \"$HOME/creating\"; exec sleep 987;; esac",
    );
    let mut up = begin_up(&place);
    fs::read(&pipes[0]).unwrap();
    up.kill().unwrap();
    up.wait().unwrap();
    assert_eq!(fs::read_to_string(&pipes[1]).unwrap(), "n1\n");
    assert!(!place.asked().contains(" rm") && !place.asked().contains("delete"), "{}", place.asked());
    assert!(place.mark().is_file());
}

fn nothing_runs(asked: &Asked, _before: usize) -> Fate {
    if asked.is("POST", "/api/v1/namespaces/default/pods") { Fate::Refused(403) } else { Fate::Answered }
}

#[test]
fn nodes_that_were_started_again_are_proved_before_they_are_used_whoever_else_uses_them() {
    let place = Place::with(&[NODE]);
    engine(&place, "HERE");
    place.node("running", LONG_AGO);
    let api = FakeApi::new(nothing_runs);
    api.keep(
        "/api/v1/namespaces/default/serviceaccounts/default",
        json!({ "metadata": { "name": "default" } }),
    );
    let known = kubeconfig(place.home(), &api.address);
    let text = fs::read_to_string(known).unwrap().replace("name: x,", "name: kind-x,");
    fs::write(place.cluster().join("kubeconfig"), text).unwrap();
    let other = File::create(place.path("state/podproof/clusters/x.lock")).unwrap();
    other.lock_shared().unwrap();
    let proofs = || {
        let pods = "/api/v1/namespaces/default/pods";
        api.asked().iter().filter(|asked| asked.is("POST", pods)).count()
    };
    let up = ["cluster", "up", "--name", "x"];

    // Nothing is known of this start.
    for proved in [None, Some(json!([format!("{NODE} before")]))] {
        if let Some(proved) = proved {
            fs::write(place.cluster().join("proved.json"), proved.to_string()).unwrap();
        }
        let before = proofs();
        let end = run(&mut place.command(&up)).exits(97);
        assert!(end.stderr.contains("cluster `x` runs and cannot be used"), "{end}");
        assert_eq!(proofs(), before + 1, "{end}");
        place.assert_unharmed();
    }

    // It was proved since the start.
    fs::write(place.cluster().join("proved.json"), json!([format!("{NODE} since-then")]).to_string())
        .unwrap();
    let before = proofs();
    let end = run(&mut place.command(&up)).exits(0);
    assert_eq!((end.stderr.as_str(), proofs()), ("", before));
}

/// A run by a context of another name, and what it says.
fn by_context(place: &Place, server: &str) -> (Child, BufReader<ChildStderr>) {
    fs::create_dir_all(place.path("users")).unwrap();
    let users = kubeconfig(&place.path("users"), server);
    let args = ["run", "--context", "x", "--select", "volume/initially-empty", "--kubeconfig"];
    let mut command = place.command(&args);
    command.arg(users).args(["--out", "/dev/null/x"]).env("PODPROOF_PROBE", "/bin/true");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

#[test]
fn a_cluster_of_ours_is_held_by_whatever_context_it_is_reached() {
    let place = Place::with(&[NODE]);
    let ours = kubeconfig(place.home(), "https://127.0.0.1:1");
    let text = fs::read_to_string(ours).unwrap().replace("name: x,", "name: kind-x,");
    fs::write(place.cluster().join("kubeconfig"), text).unwrap();
    let lock = File::create(place.path("state/podproof/clusters/x.lock")).unwrap();
    lock.lock().unwrap();

    // Another cluster is none of our business.
    let (mut other, stderr) = by_context(&place, "https://127.0.0.1:2");
    let said: Vec<_> = stderr.lines().map(Result::unwrap).collect();
    assert_eq!(other.wait().unwrap().code(), Some(97), "{said:?}");
    assert!(!said.concat().contains("waiting"), "{said:?}");

    let (mut same, mut stderr) = by_context(&place, "https://127.0.0.1:1");
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("waiting for another podproof that works on cluster `x`"), "{said}");
    lock.unlock().unwrap();
    stderr.lines().for_each(drop);
    assert_eq!(same.wait().unwrap().code(), Some(97));
}
