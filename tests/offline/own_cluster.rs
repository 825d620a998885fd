//! What is done with a cluster of podproof's own, seen by an engine and a kind that only write down what is asked.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use podproof_tests::{podproof, run};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::json;

pub(crate) const NODE: &str = "a1";
/// Afterwards a test knows all that was asked.
const WRITES_DOWN: &str = "#!/bin/sh\necho \"${0##*/} $*\" >> \"$ASKED\"\n";

/// A home with a cluster `x` of podproof's own, and the programs.
pub(crate) struct Place {
    home: tempfile::TempDir,
}

impl Place {
    /// The cluster's mark names these containers.
    pub(crate) fn with(marked: &[&str]) -> Self {
        let place = Self { home: tempfile::tempdir().unwrap() };
        let mark = json!({ "format": 1, "image": "i:1", "topology": "one-node", "containers": marked });
        fs::create_dir_all(place.cluster()).unwrap();
        fs::create_dir_all(place.path("bin")).unwrap();
        fs::write(place.mark(), mark.to_string()).unwrap();
        place.script(
            "docker",
            "case \"$1\" in version) echo 27;; ps) cat \"$HOME/ps.json\";; inspect) exit 1;; esac",
        );
        place.script("kind", "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; *) exit 7;; esac");
        place
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.path("state/podproof/clusters/x")
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.cluster().join("mark.json")
    }

    pub(crate) fn script(&self, name: &str, body: &str) {
        let file = self.path("bin").join(name);
        fs::write(&file, format!("{WRITES_DOWN}{body}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Nobody has a cluster, and none is marked.
    pub(crate) fn without_a_cluster() -> Self {
        let place = Self::with(&[]);
        place.forget_the_cluster();
        place
    }

    /// The engine lists nothing, and no mark is there.
    pub(crate) fn forget_the_cluster(&self) {
        fs::remove_dir_all(self.cluster()).unwrap();
        fs::write(self.path("ps.json"), "").unwrap();
    }

    /// The engine lists a node container in this state.
    pub(crate) fn node(&self, state: &str, created: &str) {
        let node = json!({
            "ID": NODE, "Names": "x-control-plane", "State": state, "Image": "i:1", "CreatedAt": created,
        });
        fs::write(self.path("ps.json"), format!("{node}\n")).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = podproof(args);
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("HOME", self.home.path()).env("ASKED", self.path("asked"));
        command.env("XDG_STATE_HOME", self.path("state")).env("XDG_CACHE_HOME", self.path("cache"));
        // The engine of this host, if there is one, is not meant.
        command.env("DOCKER_HOST", "tcp://192.0.2.1:2375");
        command
    }

    pub(crate) fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap_or_default()
    }

    /// Nothing was asked that removes, makes, starts or stops anything.
    pub(crate) fn assert_unharmed(&self) {
        for verb in ["delete", "create", " rm", "start", "stop", "kill", "pause"] {
            assert!(!self.asked().contains(verb), "{verb}:\n{}", self.asked());
        }
        assert!(self.mark().is_file());
    }
}

pub(crate) const LONG_AGO: &str = "2020-01-01 00:00:00 +0000 UTC";

#[test]
fn a_cluster_that_runs_and_cannot_be_reached_is_left_as_it_is() {
    let place = Place::with(&[NODE]);
    place.node("running", LONG_AGO);
    for args in
        [&["cluster", "up", "--name", "x"][..], &["run", "--cluster", "kind:x", "--out", "/dev/null/x"]]
    {
        let end = run(place.command(args).env("PODPROOF_PROBE", "/bin/true")).exits(97);
        assert!(
            end.stderr.contains("cluster `x` runs and cannot be used; nothing of it was removed"),
            "{end}"
        );
        assert!(end.stderr.contains("caused by: `kind export kubeconfig"), "{end}");
        assert!(end.stderr.contains("podproof cluster down --name x"), "{end}");
        place.assert_unharmed();
    }
}

#[test]
fn a_stopped_node_that_does_not_start_is_left_as_it_is() {
    let place = Place::with(&[NODE]);
    place.node("exited", LONG_AGO);
    place.script(
        "docker",
        "case \"$1\" in version) echo 27;; ps) cat \"$HOME/ps.json\";; start) echo no memory >&2; exit 1;; esac",
    );
    let end = run(&mut place.command(&["cluster", "up", "--name", "x"])).exits(97);
    assert!(end.stderr.contains("no memory"), "{end}");
    assert!(place.asked().contains("docker start x-control-plane"), "{}", place.asked());
    assert!(!place.asked().contains("delete") && place.mark().is_file(), "{}", place.asked());
}

#[test]
fn of_kept_node_logs_the_newest_few_stay_and_no_secret() {
    let place = Place::without_a_cluster();
    let logs = place.path("state/podproof/logs/x");
    for day in 1..=6 {
        fs::create_dir_all(logs.join(format!("2020010{day}T000000Z"))).unwrap();
    }
    place.script(
        "kind",
        "case \"$1 $2\" in version*) echo 'kind v0.99.0 go1.24';; create*) exit 7;;\n\
         export*) for folder; do :; done; mkdir -p \"$folder/node\"; echo '\"HTTP_PROXY=http://me:pa55@proxy\"' > \"$folder/node/inspect.json\";; esac",
    );
    let end = run(&mut place.command(&["cluster", "up", "--name", "x", "--image", "i:1"])).exits(97);
    let (_, rest) = end.stderr.split_once("(node logs: ").unwrap();
    let newest = Path::new(rest.split_once(')').unwrap().0);
    let kept = fs::read_to_string(newest.join("node/inspect.json")).unwrap();
    assert_eq!(kept, "\"HTTP_PROXY=http://me:***@proxy\"\n");
    assert_eq!(fs::read_dir(&logs).unwrap().count(), 5);
    assert!(!logs.join("20200102T000000Z").exists() && logs.join("20200103T000000Z").exists());
}

#[test]
fn nodes_that_are_missing_or_paused_are_for_the_user_to_mend() {
    for (marked, state, says) in [
        (&[NODE, "b2"][..], "running", "1 of the 2 node containers of cluster `x` are gone"),
        (&[NODE][..], "paused", "its node container `x-control-plane` is paused"),
    ] {
        let place = Place::with(marked);
        place.node(state, LONG_AGO);
        let end = run(&mut place.command(&["cluster", "up", "--name", "x"])).exits(97);
        assert!(end.stderr.contains(says), "{end}");
        place.assert_unharmed();
    }
}

#[test]
fn what_came_long_after_a_creation_that_was_killed_is_somebody_elses() {
    let place = Place::with(&[]);
    place.node("running", "2026-11-29 12:00:00 +0000 UTC");
    let an_hour_before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_950_000);
    File::options().write(true).open(place.mark()).unwrap().set_modified(an_hour_before).unwrap();
    for verb in ["up", "down"] {
        let end = run(&mut place.command(&["cluster", verb, "--name", "x"])).exits(97);
        assert!(end.stderr.contains("was not made by podproof"), "{end}");
        place.assert_unharmed();
    }
}

#[test]
fn a_running_cluster_that_does_not_answer_is_still_called_running() {
    let place = Place::with(&[NODE]);
    place.node("running", LONG_AGO);
    let end = run(&mut place.command(&["cluster", "status", "--message-format", "json"])).exits(0);
    let status: serde_json::Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&status["state"], &status["version"]), (&json!("running"), &json!(null)), "{end}");
    assert!(status["problem"].as_str().unwrap().contains("its API server gave no answer"), "{end}");
}

#[test]
fn who_uses_a_cluster_is_waited_for_by_name_before_it_is_removed() {
    let place = Place::with(&[NODE]);
    fs::write(place.path("ps.json"), "").unwrap();
    let lock = File::create(place.path("state/podproof/clusters/x.lock")).unwrap();
    lock.lock_shared().unwrap();
    let mut down = place.command(&["cluster", "down", "--name", "x"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(down.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    let expected =
        format!("waiting for another podproof that works on cluster `x` (process {})", std::process::id());
    assert!(said.contains(&expected), "{said}");
    assert!(place.mark().is_file());
    lock.unlock().unwrap();
    stderr.lines().for_each(drop);
    assert_eq!(down.wait().unwrap().code(), Some(0));
    assert!(!place.mark().exists());
}

/// Whether a process ends within ten seconds.
fn ends(pid: &str) -> bool {
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(process) => {
            let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
            poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).unwrap() == 1
        }
        Err(error) => error == rustix::io::Errno::SRCH,
    }
}

/// Starts podproof, whose engine then hangs with a child and with one in a session of its own; gives their numbers.
fn hanging(place: &Place) -> (Child, Vec<String>) {
    let pipe = place.path("pids");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    place.script(
        "docker",
        "trap '' TERM; sleep 987 & one=$!; setsid sleep 986 & echo $$ $one $! > \"$HOME/pids\"; wait; sleep 985",
    );
    let child = place.command(&["cluster", "up", "--name", "x"]).stderr(Stdio::null()).spawn().unwrap();
    let pids = read(&pipe).split_whitespace().map(ToOwned::to_owned).collect();
    (child, pids)
}

fn read(pipe: &Path) -> String {
    fs::read_to_string(pipe).unwrap()
}

#[test]
fn what_was_started_ends_with_a_podproof_that_is_killed() {
    let place = Place::with(&[NODE]);
    let (mut podproof, pids) = hanging(&place);
    assert_eq!(pids.len(), 3, "{pids:?}");
    podproof.kill().unwrap();
    podproof.wait().unwrap();
    for pid in pids {
        assert!(ends(&pid), "process {pid} goes on");
    }
}

#[test]
fn what_was_started_ends_with_a_podproof_that_is_terminated() {
    let place = Place::with(&[NODE]);
    let (mut podproof, pids) = hanging(&place);
    assert!(Command::new("kill").arg(podproof.id().to_string()).status().unwrap().success());
    assert_eq!(podproof.wait().unwrap().code(), Some(143));
    for pid in &pids[..2] {
        assert!(ends(pid), "process {pid} goes on");
    }
    // It left our group, lives as long as it likes, and ignores TERM as its shell did.
    let _ = Command::new("kill").args(["-KILL", &pids[2]]).status();
}
