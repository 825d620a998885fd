//! How podproof treats its own cluster. Fake `docker` and `kind` programs record how they are called.

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
/// The first lines of a fake program: it appends its command line to the file `$CALLS`.
const RECORD_CALL: &str = "#!/bin/sh\necho \"${0##*/} $*\" >> \"$CALLS\"\n";

/// A home folder with podproof's own cluster `x`, and the fake programs.
pub(crate) struct FakeHost {
    home: tempfile::TempDir,
}

impl FakeHost {
    /// A host whose cluster has a mark with these containers.
    pub(crate) fn with(marked: &[&str]) -> Self {
        let host = Self { home: tempfile::tempdir().unwrap() };
        let mark = json!({ "format": 1, "image": "i:1", "topology": "one-node", "containers": marked });
        fs::create_dir_all(host.cluster()).unwrap();
        fs::create_dir_all(host.path("bin")).unwrap();
        fs::write(host.mark(), mark.to_string()).unwrap();
        host.script(
            "docker",
            "case \"$1\" in version) echo 27;; ps) cat \"$HOME/ps.json\";; inspect) exit 1;; esac",
        );
        host.script("kind", "case \"$1\" in version) echo 'kind v0.99.0 go1.24';; *) exit 7;; esac");
        host
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
        fs::write(&file, format!("{RECORD_CALL}{body}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A host without a cluster.
    pub(crate) fn without_a_cluster() -> Self {
        let host = Self::with(&[]);
        host.remove_cluster();
        host
    }

    /// Removes the mark, and makes the engine list no containers.
    pub(crate) fn remove_cluster(&self) {
        fs::remove_dir_all(self.cluster()).unwrap();
        fs::write(self.path("ps.json"), "").unwrap();
    }

    /// Makes the engine list a node container in this state.
    pub(crate) fn node(&self, state: &str, created: &str) {
        let node = json!({
            "ID": NODE, "Names": "x-control-plane", "State": state, "Image": "i:1", "CreatedAt": created,
        });
        fs::write(self.path("ps.json"), format!("{node}\n")).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = podproof(args);
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("HOME", self.home.path()).env("CALLS", self.path("calls"));
        command.env("XDG_STATE_HOME", self.path("state")).env("XDG_CACHE_HOME", self.path("cache"));
        // Keeps the tests away from the real engine of this machine.
        command.env("DOCKER_HOST", "tcp://192.0.2.1:2375");
        command
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Asserts that no call removed, created, started or stopped anything, and that the mark is there.
    pub(crate) fn assert_unharmed(&self) {
        for verb in ["delete", "create", " rm", "start", "stop", "kill", "pause"] {
            assert!(!self.calls().contains(verb), "{verb}:\n{}", self.calls());
        }
        assert!(self.mark().is_file());
    }
}

pub(crate) const LONG_AGO: &str = "2020-01-01 00:00:00 +0000 UTC";

#[test]
fn a_running_cluster_that_cannot_be_reached_is_left_unchanged() {
    let host = FakeHost::with(&[NODE]);
    host.node("running", LONG_AGO);
    for args in
        [&["cluster", "up", "--name", "x"][..], &["run", "--cluster", "kind:x", "--out", "/dev/null/x"]]
    {
        let end = run(host.command(args).env("PODPROOF_PROBE", "/bin/true")).exits(97);
        assert!(
            end.stderr.contains("cluster `x` is running but cannot be used; nothing was removed"),
            "{end}"
        );
        assert!(end.stderr.contains("caused by: `kind export kubeconfig"), "{end}");
        assert!(end.stderr.contains("podproof cluster down --name x"), "{end}");
        host.assert_unharmed();
    }
}

#[test]
fn a_stopped_node_that_does_not_start_is_left_unchanged() {
    let host = FakeHost::with(&[NODE]);
    host.node("exited", LONG_AGO);
    host.script(
        "docker",
        "case \"$1\" in version) echo 27;; ps) cat \"$HOME/ps.json\";; start) echo no memory >&2; exit 1;; esac",
    );
    let end = run(&mut host.command(&["cluster", "up", "--name", "x"])).exits(97);
    assert!(end.stderr.contains("no memory"), "{end}");
    assert!(host.calls().contains("docker start x-control-plane"), "{}", host.calls());
    assert!(!host.calls().contains("delete") && host.mark().is_file(), "{}", host.calls());
}

#[test]
fn only_the_newest_node_logs_are_kept_and_secrets_are_removed() {
    let host = FakeHost::without_a_cluster();
    let logs = host.path("state/podproof/logs/x");
    for day in 1..=6 {
        fs::create_dir_all(logs.join(format!("2020010{day}T000000Z"))).unwrap();
    }
    host.script(
        "kind",
        "case \"$1 $2\" in version*) echo 'kind v0.99.0 go1.24';; create*) exit 7;;\n\
         export*) for folder; do :; done; mkdir -p \"$folder/node\"; echo '\"HTTP_PROXY=http://me:pa55@proxy\"' > \"$folder/node/inspect.json\";; esac",
    );
    let end = run(&mut host.command(&["cluster", "up", "--name", "x", "--image", "i:1"])).exits(97);
    let (_, rest) = end.stderr.split_once("(node logs: ").unwrap();
    let newest = Path::new(rest.split_once(')').unwrap().0);
    let kept = fs::read_to_string(newest.join("node/inspect.json")).unwrap();
    assert_eq!(kept, "\"HTTP_PROXY=http://me:***@proxy\"\n");
    assert_eq!(fs::read_dir(&logs).unwrap().count(), 5);
    assert!(!logs.join("20200102T000000Z").exists() && logs.join("20200103T000000Z").exists());
}

#[test]
fn missing_or_paused_nodes_are_reported_and_left_unchanged() {
    for (marked, state, expected) in [
        (&[NODE, "b2"][..], "running", "1 of the 2 node containers of cluster `x` are gone"),
        (&[NODE][..], "paused", "its node container `x-control-plane` is paused"),
    ] {
        let host = FakeHost::with(marked);
        host.node(state, LONG_AGO);
        let end = run(&mut host.command(&["cluster", "up", "--name", "x"])).exits(97);
        assert!(end.stderr.contains(expected), "{end}");
        host.assert_unharmed();
    }
}

#[test]
fn nodes_created_long_after_a_killed_creation_are_not_podproofs() {
    let host = FakeHost::with(&[]);
    host.node("running", "2026-11-29 12:00:00 +0000 UTC");
    let an_hour_before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_950_000);
    File::options().write(true).open(host.mark()).unwrap().set_modified(an_hour_before).unwrap();
    for verb in ["up", "down"] {
        let end = run(&mut host.command(&["cluster", verb, "--name", "x"])).exits(97);
        assert!(end.stderr.contains("was not made by podproof"), "{end}");
        host.assert_unharmed();
    }
}

#[test]
fn a_running_cluster_that_does_not_answer_has_the_state_running() {
    let host = FakeHost::with(&[NODE]);
    host.node("running", LONG_AGO);
    let end = run(&mut host.command(&["cluster", "status", "--message-format", "json"])).exits(0);
    let status: serde_json::Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&status["state"], &status["version"]), (&json!("running"), &json!(null)), "{end}");
    assert!(status["problem"].as_str().unwrap().contains("its API server did not answer"), "{end}");
}

#[test]
fn removing_a_cluster_waits_for_its_users_and_names_them() {
    let host = FakeHost::with(&[NODE]);
    fs::write(host.path("ps.json"), "").unwrap();
    let lock = File::create(host.path("state/podproof/clusters/x.lock")).unwrap();
    lock.lock_shared().unwrap();
    let mut down = host.command(&["cluster", "down", "--name", "x"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(down.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    let expected =
        format!("waiting for another podproof that uses cluster `x` (process {})", std::process::id());
    assert!(said.contains(&expected), "{said}");
    assert!(host.mark().is_file());
    lock.unlock().unwrap();
    stderr.lines().for_each(drop);
    assert_eq!(down.wait().unwrap().code(), Some(0));
    assert!(!host.mark().exists());
}

/// Returns whether a process ends within ten seconds.
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

/// Starts podproof with an engine that hangs, has a child, and has a child in another session. Returns the three PIDs.
fn start_with_hanging_engine(host: &FakeHost) -> (Child, Vec<String>) {
    let pipe = host.path("pids");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    host.script(
        "docker",
        "trap '' TERM; sleep 987 & one=$!; setsid sleep 986 & echo $$ $one $! > \"$HOME/pids\"; wait; sleep 985",
    );
    let child = host.command(&["cluster", "up", "--name", "x"]).stderr(Stdio::null()).spawn().unwrap();
    let pids = read(&pipe).split_whitespace().map(ToOwned::to_owned).collect();
    (child, pids)
}

fn read(pipe: &Path) -> String {
    fs::read_to_string(pipe).unwrap()
}

#[test]
fn child_processes_end_when_podproof_is_killed() {
    let host = FakeHost::with(&[NODE]);
    let (mut podproof, pids) = start_with_hanging_engine(&host);
    assert_eq!(pids.len(), 3, "{pids:?}");
    podproof.kill().unwrap();
    podproof.wait().unwrap();
    for pid in pids {
        assert!(ends(&pid), "process {pid} still runs");
    }
}

#[test]
fn child_processes_end_when_podproof_is_terminated() {
    let host = FakeHost::with(&[NODE]);
    let (mut podproof, pids) = start_with_hanging_engine(&host);
    assert!(Command::new("kill").arg(podproof.id().to_string()).status().unwrap().success());
    assert_eq!(podproof.wait().unwrap().code(), Some(143));
    for pid in &pids[..2] {
        assert!(ends(pid), "process {pid} still runs");
    }
    // This child left the process group and ignores TERM, so the test must kill it.
    let _ = Command::new("kill").args(["-KILL", &pids[2]]).status();
}
