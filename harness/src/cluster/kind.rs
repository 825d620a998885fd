//! kind, by its arguments: clusters are made, removed and described; nothing is decided here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::Host;
use super::error::Error;
use super::program::{CommandError, Program};
use super::versions::{VERSIONS, Version};

const CREATE_PATIENCE: Duration = Duration::from_secs(600);
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
}

impl Node {
    /// Whether it runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.state == "running"
    }
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

    /// Makes a cluster. Its nodes stay when that fails, so that their logs can be had.
    pub(super) fn create(&self, name: &str, image: &str, configuration: &Path, kubeconfig: &Path) -> Program {
        self.command(&["create", "cluster", "--name", name, "--image", image, "--retain"])
            .arg("--config")
            .arg(configuration)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .deadline(CREATE_PATIENCE)
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
        self.command(&["export", "logs", "--name", name]).arg(folder).deadline(Duration::from_secs(120))
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
    let mut nodes: Vec<Node> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}

#[cfg(test)]
mod tests {
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
        let line =
            r#"{"ID":"a1","Names":"p-control-plane","State":"exited","Image":"i:1","Status":"Exited (137)"}"#;
        let node: Node = serde_json::from_str(line).unwrap();
        assert!(!node.runs());
        assert_eq!(node.name, "p-control-plane");
    }
}
