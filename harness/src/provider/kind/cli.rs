//! The kind command line: creates, deletes and lists clusters. Contains no policy.

use std::path::{Path, PathBuf};

use crate::host::{CommandError, Host, Program};
use crate::provider::cluster_name::ClusterName;
use crate::provider::containers::{Node, labelled};
use crate::provider::error::ClusterError;
use crate::provider::image::ImageError;
use crate::provider::ownership::CREATE_PATIENCE;
use crate::provider::versions::{VERSIONS, Version};

/// kind's label of node containers.
const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";

/// A kind executable that is new enough.
#[derive(Clone, Debug)]
pub(super) struct KindCli {
    program: PathBuf,
}

impl KindCli {
    /// Finds kind on `PATH`, or, if that one is too old, the one that `ci/setup.sh` fetched.
    pub(super) async fn find(host: &Host) -> Result<Self, ClusterError> {
        let minimum = Version::find(VERSIONS.kind_minimum).map_err(ImageError::from)?;
        for program in [PathBuf::from("kind"), host.folders.fetched("kind")] {
            match Program::new(&program).arg("version").run(&host.cancel).await {
                Ok(output) if Version::find(&output.stdout).is_ok_and(|version| version >= minimum) => {
                    return Ok(Self { program });
                }
                Err(error @ CommandError::Cancelled { .. }) => return Err(error.into()),
                Ok(_) | Err(_) => {}
            }
        }
        Err(ClusterError::NoProvider { program: "kind", minimum: VERSIONS.kind_minimum })
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
    labelled(host, &format!("{CLUSTER_LABEL}={name}")).await
}

/// The kubeconfig context that kind creates for the cluster.
pub(in crate::provider) fn context(name: &ClusterName) -> String {
    format!("kind-{}", name.as_str())
}

#[cfg(test)]
mod tests {
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
}
