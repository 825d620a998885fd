//! Node containers as the container engine reports them. Contains no policy.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde::Deserialize;

use super::error::ClusterError;
use crate::host::{CommandError, Host, Program};

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

/// The identifiers of these containers.
pub(super) fn identifiers(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.id.clone()).collect()
}

/// Lists the containers with this label, sorted by name.
pub(super) async fn labelled(host: &Host, label: &str) -> Result<Vec<Node>, ClusterError> {
    let list = Program::new("docker")
        .args(["ps", "--all", "--no-trunc", "--format", "{{json .}}", "--filter"])
        .arg(format!("label={label}"));
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
    use std::time::Duration;

    use rstest::rstest;

    use super::*;

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
