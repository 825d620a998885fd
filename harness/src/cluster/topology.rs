//! kind's configuration of a cluster: which nodes, and what this host and this image need.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_yaml::{Mapping, Value};

use super::error::Error;
use super::image::is_ours;
use super::versions::Version;

const ONE_NODE: &str = include_str!("../../../manifests/kind/one-node.yaml");
const THREE_NODES: &str = include_str!("../../../manifests/kind/three-nodes.yaml");

/// Where nothing in a node can lower an OOM score, its container runtime must not try.
const KEEP_OOM_SCORE: &str = "[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n";
/// A kubelet since 1.35 refuses hosts with version 1 of control groups unless told not to.
const ALLOW_CGROUP_V1: &str = "kind: KubeletConfiguration\nfailCgroupV1: false\n";

/// Which nodes a cluster has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// One node that is everything.
    #[default]
    OneNode,
    /// A control plane and two workers.
    ThreeNodes,
    /// What a configuration file of kind says.
    File(PathBuf),
}

/// What the host and the image demand of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands<'d> {
    pub(super) image: &'d str,
    pub(super) restricted: bool,
    pub(super) cgroup_v1: bool,
}

impl Topology {
    /// The configuration for kind.
    pub(super) fn render(&self, demands: Demands<'_>) -> Result<String, Error> {
        let (file, text) = match self {
            Self::OneNode => (PathBuf::from("one-node.yaml"), ONE_NODE.to_owned()),
            Self::ThreeNodes => (PathBuf::from("three-nodes.yaml"), THREE_NODES.to_owned()),
            Self::File(file) => (file.clone(), fs::read_to_string(file).map_err(Error::file(file))?),
        };
        let wrong = |why: String| Error::Configuration { file: file.clone(), why };
        let mut document: Mapping = serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if document.get("kind").and_then(Value::as_str) != Some("Cluster") {
            return Err(wrong("it is no `kind: Cluster`".to_owned()));
        }
        demand(&mut document, demands)
            .ok_or_else(|| wrong("a list or a mapping has another type".to_owned()))?;
        serde_yaml::to_string(&document).map_err(|error| wrong(error.to_string()))
    }
}

fn demand(document: &mut Mapping, demands: Demands<'_>) -> Option<()> {
    if is_ours(demands.image) {
        let networking = document.entry("networking".into()).or_insert_with(|| Mapping::new().into());
        networking.as_mapping_mut()?.insert("disableDefaultCNI".into(), true.into());
    }
    let mut append = |list: &str, item: &str| {
        let items = document.entry(list.into()).or_insert_with(|| Value::Sequence(Vec::new()));
        items.as_sequence_mut().map(|items| items.push(item.into()))
    };
    if demands.restricted {
        append("containerdConfigPatches", KEEP_OOM_SCORE)?;
    }
    let version = demands.image.rsplit_once(':').and_then(|(_, tag)| Version::find(tag).ok());
    if demands.cgroup_v1 && version.is_some_and(|version| version.minor >= 35) {
        append("kubeadmConfigPatches", ALLOW_CGROUP_V1)?;
    }
    Some(())
}

/// Whether this host has version 1 of control groups.
pub(super) fn cgroup_v1() -> bool {
    !Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}

impl FromStr for Topology {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "one-node" => Self::OneNode,
            "three-nodes" => Self::ThreeNodes,
            file => Self::File(file.into()),
        })
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneNode => f.write_str("one-node"),
            Self::ThreeNodes => f.write_str("three-nodes"),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Demands<'_> = Demands { image: "kindest/node:v1.32.2", restricted: false, cgroup_v1: false };

    fn rendered(topology: &Topology, demands: Demands<'_>) -> Value {
        serde_yaml::from_str(&topology.render(demands).unwrap()).unwrap()
    }

    #[test]
    fn a_plain_host_demands_nothing() {
        let plain: Value = serde_yaml::from_str(THREE_NODES).unwrap();
        assert_eq!(rendered(&Topology::ThreeNodes, PLAIN), plain);
    }

    #[test]
    fn each_demand_is_met() {
        let image = "podproof.local/node:v1.36.0-0123456789ab";
        let all = rendered(&Topology::OneNode, Demands { image, restricted: true, cgroup_v1: true });
        assert_eq!(all["networking"]["disableDefaultCNI"], Value::from(true));
        assert_eq!(all["containerdConfigPatches"][0], Value::from(KEEP_OOM_SCORE));
        let patches = all["kubeadmConfigPatches"].as_sequence().unwrap();
        assert!(patches.contains(&Value::from(ALLOW_CGROUP_V1)));
    }

    #[test]
    fn an_older_kubelet_is_not_told_of_control_groups() {
        let old = rendered(&Topology::OneNode, Demands { cgroup_v1: true, ..PLAIN });
        let patches = old["kubeadmConfigPatches"].as_sequence().unwrap();
        assert!(!patches.contains(&Value::from(ALLOW_CGROUP_V1)));
    }

    #[test]
    fn a_file_that_is_no_cluster_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "kind: Pod\n").unwrap();
        let error = Topology::File(file.path().into()).render(PLAIN).unwrap_err();
        assert!(error.to_string().contains("it is no `kind: Cluster`"), "{error}");
    }
}
