//! kind, by its arguments: clusters are made, removed and described; nothing is decided here.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::Host;
use super::error::Error;
use super::program::{CommandError, Program};
use super::versions::{VERSIONS, Version};

/// How long the creation of a cluster may take.
pub(super) const CREATE_PATIENCE: Duration = Duration::from_secs(600);
/// The label kind gives to node containers.
const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";

/// A kind that is new enough.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    program: PathBuf,
}

/// A node's container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Node {
    /// Its identifier.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name, which is the node's.
    #[serde(rename = "Names")]
    pub name: String,
    /// `running`, `exited` …
    #[serde(rename = "State")]
    pub state: String,
    /// The image it was made of.
    #[serde(rename = "Image")]
    pub image: String,
    /// When it was made: `2026-01-31 12:00:00 +0000 UTC`.
    #[serde(rename = "CreatedAt", default)]
    pub created: String,
}

impl Node {
    /// Whether it runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.state == "running"
    }

    /// When it was made, where the engine says so in a way that can be read.
    pub(super) fn made(&self) -> Option<SystemTime> {
        let words: Vec<_> = self.created.split(' ').take(3).collect();
        let time = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", words.join(" ")).ok()?;
        Some(time.to_timestamp().ok()?.into())
    }
}

/// What the engine says of a cluster's node containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// All run.
    Running,
    /// These were stopped and can be started.
    Stopped(Vec<String>),
    /// All are past starting.
    Dead,
    /// Something else, which nobody but the user can mend: in words.
    Stuck(String),
}

/// Takes the containers of a cluster together.
pub(super) fn condition(nodes: &[Node]) -> Condition {
    let dead = |node: &Node| ["dead", "removing"].contains(&node.state.as_str());
    let stopped = |node: &&Node| ["exited", "created"].contains(&node.state.as_str());
    if nodes.iter().all(dead) {
        return Condition::Dead;
    }
    let known = ["running", "restarting", "exited", "created"];
    if let Some(node) = nodes.iter().find(|node| !known.contains(&node.state.as_str())) {
        return Condition::Stuck(format!("its node container `{}` is {}", node.name, node.state));
    }
    let stopped: Vec<_> = nodes.iter().filter(stopped).map(|node| node.name.clone()).collect();
    if stopped.is_empty() { Condition::Running } else { Condition::Stopped(stopped) }
}

impl Kind {
    /// The one on `PATH` if it is new enough, else the one that the set-up fetched.
    pub(super) async fn find(host: &Host) -> Result<Self, Error> {
        let minimum = Version::find(VERSIONS.kind_minimum).map_err(super::image::ImageError::from)?;
        for program in [PathBuf::from("kind"), host.folders.fetched_kind()] {
            match Program::new(&program).arg("version").run(&host.cancel).await {
                Ok(output) if Version::find(&output.stdout).is_ok_and(|version| version >= minimum) => {
                    return Ok(Self { program });
                }
                Err(error @ CommandError::Cancelled { .. }) => return Err(error.into()),
                Ok(_) | Err(_) => {}
            }
        }
        Err(Error::NoKind { minimum: VERSIONS.kind_minimum })
    }

    /// Makes a cluster. Its nodes stay when that fails, so that their logs can be had; they stop when we are killed, so that
    /// nothing goes on in them.
    pub(super) fn create(&self, name: &str, image: &str, configuration: &Path, kubeconfig: &Path) -> Program {
        let stop = format!(
            "docker ps --quiet --filter label={CLUSTER_LABEL}={name} | xargs --no-run-if-empty docker kill >/dev/null 2>&1"
        );
        self.command(&["create", "cluster", "--name", name, "--image", image, "--retain"])
            .arg("--config")
            .arg(configuration)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .deadline(CREATE_PATIENCE)
            .when_orphaned(stop)
    }

    /// Removes a cluster.
    pub(super) fn delete(&self, name: &str, kubeconfig: &Path) -> Program {
        self.command(&["delete", "cluster", "--name", name]).arg("--kubeconfig").arg(kubeconfig)
    }

    /// Writes the kubeconfig anew.
    pub(super) fn export_kubeconfig(&self, name: &str, kubeconfig: &Path) -> Program {
        self.command(&["export", "kubeconfig", "--name", name]).arg("--kubeconfig").arg(kubeconfig)
    }

    /// Writes the nodes' logs into a folder.
    pub(super) fn export_logs(&self, name: &str, folder: &Path) -> Program {
        self.command(&["export", "logs", "--name", name]).arg(folder)
    }

    fn command(&self, arguments: &[&str]) -> Program {
        Program::new(&self.program).args(arguments)
    }
}

/// The node containers of a cluster, in the order of their names.
pub(super) async fn nodes(host: &Host, name: &str) -> Result<Vec<Node>, Error> {
    let list = Program::new("docker")
        .args(["ps", "--all", "--no-trunc", "--format", "{{json .}}", "--filter"])
        .arg(format!("label={CLUSTER_LABEL}={name}"));
    let said = list.run(&host.cancel).await?.stdout;
    let read: Result<Vec<Node>, _> = said.lines().map(serde_json::from_str).collect();
    // A line that cannot be read is a container all the same.
    let unread =
        |error: serde_json::Error| CommandError::Unread { command: list.shown(), why: error.to_string() };
    let mut nodes = read.map_err(unread)?;
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn create_keeps_failed_nodes_and_leaves_the_users_kubeconfig() {
        let kind = Kind { program: "kind".into() };
        let create = kind.create("p", "i:1", Path::new("/c.yaml"), Path::new("/k"));
        let expected = "kind create cluster --name p --image i:1 --retain --config /c.yaml --kubeconfig /k";
        assert_eq!(create.shown(), expected);
        assert!(!create.shown().contains("--wait"));
    }

    #[test]
    fn delete_names_cluster_and_kubeconfig() {
        let kind = Kind { program: "/x/kind".into() };
        let expected = "/x/kind delete cluster --name p --kubeconfig /k";
        assert_eq!(kind.delete("p", Path::new("/k")).shown(), expected);
    }

    #[test]
    fn reads_what_the_engine_lists() {
        let line = r#"{"ID":"a1","Names":"p-control-plane","State":"exited","Image":"i:1",
            "Status":"Exited (137)","CreatedAt":"1970-01-01 01:00:07 +0100 CET"}"#;
        let node: Node = serde_json::from_str(line).unwrap();
        assert!(!node.runs());
        assert_eq!(node.name, "p-control-plane");
        assert_eq!(node.made(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7)));
    }

    #[rstest]
    #[case(&["running", "running"], Condition::Running)]
    #[case(&["running", "restarting"], Condition::Running)]
    #[case(&["running", "exited"], Condition::Stopped(vec!["n1".into()]))]
    #[case(&["created"], Condition::Stopped(vec!["n0".into()]))]
    #[case(&["dead", "removing"], Condition::Dead)]
    #[case(&["running", "dead"], Condition::Stuck("its node container `n1` is dead".into()))]
    #[case(&["paused"], Condition::Stuck("its node container `n0` is paused".into()))]
    #[case(&["exited", "something new"], Condition::Stuck("its node container `n1` is something new".into()))]
    fn only_what_the_engine_calls_dead_is_dead(#[case] states: &[&str], #[case] expected: Condition) {
        let node = |(at, state): (usize, &&str)| {
            serde_json::from_value(serde_json::json!({
                "ID": format!("id{at}"), "Names": format!("n{at}"), "State": state, "Image": "i",
            }))
            .unwrap()
        };
        assert_eq!(condition(&states.iter().enumerate().map(node).collect::<Vec<Node>>()), expected);
    }
}
