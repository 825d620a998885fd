//! The closed list of providers, and the words by which they are chosen.

use std::path::Path;

use thiserror::Error;

use super::cluster_name::{ClusterName, ClusterNameError};
use super::error::ClusterError;
use super::existing::ExistingCluster;
use super::kind;
use super::options::{ImageRequest, OpenOptions, UpOptions};
use super::own_cluster::{ClusterStatus, OwnCluster};
use crate::cluster::Access;
use crate::host::Host;

/// Who provides a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// podproof, with kind: its own cluster of this name.
    Kind(ClusterName),
    /// Somebody else: podproof only connects to it.
    Existing(ExistingCluster),
}

/// Why the words on the command line choose no provider.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// No cluster is named. podproof never uses the current context.
    #[error("name a cluster: --cluster kind or --context NAME")]
    NoCluster,
    /// There is no such provider.
    #[error("--cluster takes `kind` or `kind:NAME`, not `{0}`")]
    Unknown(String),
    /// The name after the colon is invalid.
    #[error(transparent)]
    Name(#[from] ClusterNameError),
}

impl Provider {
    /// The provider that `--cluster` or `--context` with `--kubeconfig` names.
    pub fn choose(
        cluster: Option<&str>,
        context: Option<&str>,
        kubeconfig: Option<&Path>,
    ) -> Result<Self, ProviderError> {
        match (cluster, context) {
            (_, Some(context)) => Ok(Self::Existing(ExistingCluster {
                kubeconfig: kubeconfig.map(Path::to_owned),
                context: context.to_owned(),
            })),
            (Some(cluster), None) => match cluster.split_once(':') {
                None if cluster == "kind" => Ok(Self::Kind(ClusterName::default())),
                Some(("kind", name)) => Self::own(name),
                _ => Err(ProviderError::Unknown(cluster.to_owned())),
            },
            (None, None) => Err(ProviderError::NoCluster),
        }
    }

    /// The provider of podproof's own cluster of this name.
    pub fn own(name: &str) -> Result<Self, ProviderError> {
        Ok(Self::Kind(name.parse()?))
    }

    /// Returns whether opening only connects. If not, it may start or create a cluster, and must be stopped cleanly.
    #[must_use]
    pub fn only_connects(&self) -> bool {
        match self {
            Self::Kind(_) => false,
            Self::Existing(_) => true,
        }
    }

    /// Opens access to the cluster. One of podproof's own is brought up if necessary, and stays locked while the access
    /// exists; when that is dropped, the cluster keeps running.
    pub async fn open(&self, host: &Host, options: &OpenOptions) -> Result<Access, ClusterError> {
        match self {
            Self::Kind(name) => kind::open(host, name, options).await,
            Self::Existing(cluster) => cluster.open(host, options).await,
        }
    }

    /// Brings up one of podproof's own clusters: uses, starts or creates it.
    pub async fn up(&self, host: &Host, options: &UpOptions) -> Result<OwnCluster, ClusterError> {
        match self {
            Self::Kind(name) => kind::up(host, &kind::ClusterRequest::new(name, options)).await,
            Self::Existing(cluster) => Err(not_own(cluster)),
        }
    }

    /// Removes one of podproof's own clusters. Returns whether it existed.
    pub async fn down(&self, host: &Host) -> Result<bool, ClusterError> {
        match self {
            Self::Kind(name) => kind::down(host, name).await,
            Self::Existing(cluster) => Err(not_own(cluster)),
        }
    }

    /// The status of all of podproof's own clusters.
    pub async fn status(host: &Host) -> Result<Vec<ClusterStatus>, ClusterError> {
        kind::status(host).await
    }

    /// Builds the node image of podproof's own clusters, unless one with the same inputs exists. Returns its reference.
    pub async fn build_image(host: &Host, request: &ImageRequest) -> Result<String, ClusterError> {
        kind::build_image(host, request).await
    }
}

fn not_own(cluster: &ExistingCluster) -> ClusterError {
    ClusterError::NotOwn { context: cluster.context.clone() }
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;
    use rstest::rstest;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::host::Folders;

    fn existing() -> Provider {
        Provider::Existing(ExistingCluster { kubeconfig: Some("/k".into()), context: "c".to_owned() })
    }

    #[rstest]
    #[case(Some("kind"), None, Provider::Kind(ClusterName::default()))]
    #[case(Some("kind:a-1"), None, Provider::Kind("a-1".parse().unwrap()))]
    #[case(None, Some("c"), existing())]
    #[case(Some("kind"), Some("c"), existing())]
    fn the_words_choose_a_provider(
        #[case] cluster: Option<&str>,
        #[case] context: Option<&str>,
        #[case] expected: Provider,
    ) {
        assert_eq!(Provider::choose(cluster, context, Some(Path::new("/k"))).unwrap(), expected);
    }

    #[rstest]
    #[case(None, "name a cluster: --cluster kind or --context NAME")]
    #[case(Some("minikube"), "--cluster takes `kind` or `kind:NAME`, not `minikube`")]
    #[case(Some("kinder:x"), "--cluster takes `kind` or `kind:NAME`, not `kinder:x`")]
    fn other_words_are_an_error(#[case] cluster: Option<&str>, #[case] expected: &str) {
        assert_eq!(Provider::choose(cluster, None, None).unwrap_err().to_string(), expected);
    }

    #[test]
    fn an_invalid_name_is_an_error() {
        assert_matches!(Provider::choose(Some("kind:../x"), None, None), Err(ProviderError::Name(_)));
    }

    #[tokio::test]
    async fn an_existing_cluster_is_neither_made_nor_removed() {
        let home = tempfile::tempdir().unwrap();
        let host = Host {
            folders: Folders::below(home.path()),
            program: "/bin/false".into(),
            cancel: CancellationToken::new(),
        };
        let made = existing().up(&host, &UpOptions::default()).await;
        assert_matches!(made, Err(ClusterError::NotOwn { .. }));
        assert_matches!(existing().down(&host).await, Err(ClusterError::NotOwn { .. }));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
