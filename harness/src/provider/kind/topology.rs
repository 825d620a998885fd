//! The kind configuration of a cluster: its nodes, and settings that the host and the node image require.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_yaml::{Mapping, Value};

use super::node_image::is_built_here;
use crate::provider::error::ClusterError;
use crate::provider::versions::Version;

const ONE_NODE: &str = include_str!("../../../../manifests/kind/one-node.yaml");
const THREE_NODES: &str = include_str!("../../../../manifests/kind/three-nodes.yaml");

/// Keeps containerd from lowering OOM scores, which fails without `CAP_SYS_RESOURCE`.
const KEEP_OOM_SCORE: &str = "[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n";
/// Lets kubelets since 1.35 run on hosts with cgroup v1.
const ALLOW_CGROUP_V1: &str = "kind: KubeletConfiguration\nfailCgroupV1: false\n";

/// The nodes of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// One control-plane node that also runs pods.
    #[default]
    OneNode,
    /// One control-plane node and two workers.
    ThreeNodes,
    /// The nodes in this kind configuration file.
    File(PathBuf),
}

/// Conditions that require additional settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requirements<'d> {
    pub(super) image: &'d str,
    pub(super) restricted: bool,
    pub(super) cgroup_v1: bool,
}

impl Topology {
    /// Returns the kind configuration with the required settings.
    pub(super) fn render(&self, requirements: Requirements<'_>) -> Result<String, ClusterError> {
        let (file, text) = match self {
            Self::OneNode => (PathBuf::from("one-node.yaml"), ONE_NODE.to_owned()),
            Self::ThreeNodes => (PathBuf::from("three-nodes.yaml"), THREE_NODES.to_owned()),
            Self::File(file) => (file.clone(), fs::read_to_string(file).map_err(ClusterError::file(file))?),
        };
        let wrong = |why: String| ClusterError::Configuration { file: file.clone(), why };
        let mut document: Mapping = serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if document.get("kind").and_then(Value::as_str) != Some("Cluster") {
            return Err(wrong("it is not a `kind: Cluster`".to_owned()));
        }
        apply(&mut document, requirements)
            .ok_or_else(|| wrong("a list or mapping has the wrong type".to_owned()))?;
        serde_yaml::to_string(&document).map_err(|error| wrong(error.to_string()))
    }
}

fn apply(document: &mut Mapping, requirements: Requirements<'_>) -> Option<()> {
    if is_built_here(requirements.image) {
        let networking = document.entry("networking".into()).or_insert_with(|| Mapping::new().into());
        networking.as_mapping_mut()?.insert("disableDefaultCNI".into(), true.into());
    }
    let mut append = |list: &str, item: &str| {
        let items = document.entry(list.into()).or_insert_with(|| Value::Sequence(Vec::new()));
        items.as_sequence_mut().map(|items| items.push(item.into()))
    };
    if requirements.restricted {
        append("containerdConfigPatches", KEEP_OOM_SCORE)?;
    }
    let version = requirements.image.rsplit_once(':').and_then(|(_, tag)| Version::find(tag).ok());
    if requirements.cgroup_v1 && version.is_some_and(|version| version.minor >= 35) {
        append("kubeadmConfigPatches", ALLOW_CGROUP_V1)?;
    }
    Some(())
}

/// Returns whether this host uses cgroup v1.
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

    const PLAIN: Requirements<'_> =
        Requirements { image: "kindest/node:v1.32.2", restricted: false, cgroup_v1: false };

    fn rendered(topology: &Topology, requirements: Requirements<'_>) -> Value {
        serde_yaml::from_str(&topology.render(requirements).unwrap()).unwrap()
    }

    #[test]
    fn a_host_without_restrictions_needs_no_settings() {
        let plain: Value = serde_yaml::from_str(THREE_NODES).unwrap();
        assert_eq!(rendered(&Topology::ThreeNodes, PLAIN), plain);
    }

    #[test]
    fn each_requirement_adds_its_setting() {
        let image = "podproof.local/node:v1.36.0-0123456789ab";
        let all = rendered(&Topology::OneNode, Requirements { image, restricted: true, cgroup_v1: true });
        assert_eq!(all["networking"]["disableDefaultCNI"], Value::from(true));
        assert_eq!(all["containerdConfigPatches"][0], Value::from(KEEP_OOM_SCORE));
        let patches = all["kubeadmConfigPatches"].as_sequence().unwrap();
        assert!(patches.contains(&Value::from(ALLOW_CGROUP_V1)));
    }

    #[test]
    fn older_kubelets_get_no_cgroup_setting() {
        let old = rendered(&Topology::OneNode, Requirements { cgroup_v1: true, ..PLAIN });
        let patches = old["kubeadmConfigPatches"].as_sequence().unwrap();
        assert!(!patches.contains(&Value::from(ALLOW_CGROUP_V1)));
    }

    #[test]
    fn a_file_that_does_not_define_a_cluster_is_rejected() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "kind: Pod\n").unwrap();
        let error = Topology::File(file.path().into()).render(PLAIN).unwrap_err();
        assert!(error.to_string().contains("it is not a `kind: Cluster`"), "{error}");
    }
}
