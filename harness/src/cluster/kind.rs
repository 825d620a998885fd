//! The kind command line: creates, deletes and lists clusters. Contains no policy.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::host::Host;
use super::error::ClusterError;
use crate::host::{CommandError, Program};
use super::versions::{VERSIONS, Version};

/// Time limit for creating a cluster.
pub(super) const CREATE_PATIENCE: Duration = Duration::from_secs(600);
/// kind's label of node containers.
const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";

/// A kind executable that is new enough.
#[derive(Clone, Debug)]
pub(super) struct KindCli {
    program: PathBuf,
}

/// A node's container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Node {
    /// The container's identifier.
    #[serde(rename = "ID")]
    pub id: String,
    /// The container's name, which is also the node's.
    #[serde(rename = "Names")]
    pub name: String,
    /// The state that the engine reports: `running`, `exited` …
    #[serde(rename = "State")]
    pub state: String,
    /// The node image.
    #[serde(rename = "Image")]
    pub image: String,
    /// The creation time as the engine writes it: `2026-01-31 12:00:00 +0000 UTC`.
    #[serde(rename = "CreatedAt", default)]
    pub created: String,
}

impl Node {
    /// Returns whether the container is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// The parsed creation time; `None` if its format is unknown.
    pub(super) fn created_at(&self) -> Option<SystemTime> {
        let words: Vec<_> = self.created.split(' ').take(3).collect();
        let time = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", words.join(" ")).ok()?;
        Some(time.to_timestamp().ok()?.into())
    }
}

/// The combined state of a cluster's node containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// All are running.
    Running,
    /// The named ones are stopped and can be started.
    Stopped(Vec<String>),
    /// None can be started again.
    Dead,
    /// A state that only the user can resolve; the text describes it.
    Stuck(String),
}

/// Combines the states of a cluster's node containers.
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

impl KindCli {
    /// Finds kind on `PATH`, or, if that one is too old, the one that `ci/setup.sh` fetched.
    pub(super) async fn find(host: &Host) -> Result<Self, ClusterError> {
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
        Err(ClusterError::NoKind { minimum: VERSIONS.kind_minimum })
    }

    /// Creates a cluster. If that fails, its nodes are retained for their logs. If podproof is killed, they are
    /// stopped.
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

    /// Writes the current kubeconfig.
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

/// Lists the node containers of a cluster, sorted by name.
pub(super) async fn nodes(host: &Host, name: &str) -> Result<Vec<Node>, ClusterError> {
    let list = Program::new("docker")
        .args(["ps", "--all", "--no-trunc", "--format", "{{json .}}", "--filter"])
        .arg(format!("label={CLUSTER_LABEL}={name}"));
    let output = list.run(&host.cancel).await?.stdout;
    let read: Result<Vec<Node>, _> = output.lines().map(serde_json::from_str).collect();
    // Skipping an unreadable line would hide a container.
    let unread = |error: serde_json::Error| CommandError::Unread {
        command: list.command_line(),
        why: error.to_string(),
    };
    let mut nodes = read.map_err(unread)?;
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn create_retains_failed_nodes_and_does_not_use_the_default_kubeconfig() {
        let kind = KindCli { program: "kind".into() };
        let create = kind.create("p", "i:1", Path::new("/c.yaml"), Path::new("/k"));
        let expected = "kind create cluster --name p --image i:1 --retain --config /c.yaml --kubeconfig /k";
        assert_eq!(create.command_line(), expected);
        assert!(!create.command_line().contains("--wait"));
    }

    #[test]
    fn delete_passes_cluster_and_kubeconfig() {
        let kind = KindCli { program: "/x/kind".into() };
        let expected = "/x/kind delete cluster --name p --kubeconfig /k";
        assert_eq!(kind.delete("p", Path::new("/k")).command_line(), expected);
    }

    #[test]
    fn the_engines_list_is_parsed() {
        let line = r#"{"ID":"a1","Names":"p-control-plane","State":"exited","Image":"i:1",
            "Status":"Exited (137)","CreatedAt":"1970-01-01 01:00:07 +0100 CET"}"#;
        let node: Node = serde_json::from_str(line).unwrap();
        assert!(!node.is_running());
        assert_eq!(node.name, "p-control-plane");
        assert_eq!(node.created_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7)));
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
    fn only_dead_containers_may_be_replaced(#[case] states: &[&str], #[case] expected: Condition) {
        let node = |(at, state): (usize, &&str)| {
            serde_json::from_value(serde_json::json!({
                "ID": format!("id{at}"), "Names": format!("n{at}"), "State": state, "Image": "i",
            }))
            .unwrap()
        };
        assert_eq!(condition(&states.iter().enumerate().map(node).collect::<Vec<Node>>()), expected);
    }
}
