//! Access to a cluster: a client, the images, and facts about the cluster.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use thiserror::Error;
use tokio::time::timeout;

use super::facts::read_facts;
use super::images::Images;
use super::kubeconfig::configuration;
use super::lock::LockGuard;
use super::node_access::NodeAccess;
use crate::client_error::ClientError;
use podproof_core::cluster_facts::ClusterFacts;

/// Access to a cluster whose API server answered.
#[derive(Clone)]
pub struct Access {
    /// The client. It works only on the Tokio runtime on which it was created.
    pub client: Client,
    /// The image references to use for the image names in manifests.
    pub images: Images,
    /// Versions, nodes and capabilities of the cluster.
    pub facts: ClusterFacts,
    /// How to run commands on the nodes.
    pub node_access: NodeAccess,
    /// While any clone of this value exists, no other podproof changes or removes the cluster, if it is podproof's own.
    _held: Option<Arc<LockGuard>>,
}

impl Access {
    /// Keeps `held` locked for the lifetime of this value and its clones.
    #[must_use]
    pub fn with_lock(self, held: Option<LockGuard>) -> Self {
        Self { _held: held.map(Arc::new), ..self }
    }
}

/// Why the cluster of a kubeconfig context could not be accessed.
#[derive(Debug, Error)]
pub enum AccessError {
    /// The kubeconfig could not be read.
    #[error("read kubeconfig{}", file.as_ref().map(|file| format!(" {}", file.display())).unwrap_or_default())]
    Kubeconfig {
        /// The file; `None` if the default files were used.
        file: Option<PathBuf>,
        /// The cause.
        source: ClientError,
    },
    /// The kubeconfig has no context of that name.
    #[error("there is no context `{context}` in the kubeconfig{}", only(known))]
    NoContext {
        /// The context.
        context: String,
        /// The contexts that the kubeconfig has.
        known: Vec<String>,
    },
    /// The kubeconfig's entry for the context is invalid.
    #[error("context `{context}` cannot be used: {why}")]
    Unfit {
        /// The context.
        context: String,
        /// The cause.
        why: String,
    },
    /// No client could be created from the context.
    #[error("create a client for context `{context}`")]
    Client {
        /// The context.
        context: String,
        /// The cause.
        source: ClientError,
    },
    /// The API server returned an error.
    #[error("ask the cluster of context `{context}` for its version and nodes")]
    Api {
        /// The context.
        context: String,
        /// The error that it returned.
        source: ClientError,
    },
    /// The API server did not answer.
    #[error("the cluster of context `{context}` did not answer in {} s", patience.as_secs())]
    Silent {
        /// The context.
        context: String,
        /// How long podproof waited.
        patience: Duration,
    },
}

impl AccessError {
    /// Suggests how to fix the problem.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Kubeconfig { .. } | Self::NoContext { .. } | Self::Unfit { .. } => {
                "`kubectl config get-contexts` lists the contexts".to_owned()
            }
            Self::Client { context, .. } | Self::Api { context, .. } | Self::Silent { context, .. } => {
                format!("try `kubectl --context {context} get nodes`")
            }
        }
    }
}

/// Lists the known contexts, at most as many as fit on one line.
fn only(known: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match known.len() {
        0 => ", which has none".to_owned(),
        many if many > SHOWN => format!(", only {} and {} more", shown.join(", "), many - SHOWN),
        _ => format!(", only {}", shown.join(", ")),
    }
}

/// Connects to the cluster of a *named* context, never to the current context.
///
/// Reads `kubeconfig`, or, if it is `None`, the files that kubectl would read. Never writes to them. Returns within
/// `patience`.
pub async fn connect(
    kubeconfig: Option<&Path>,
    context: &str,
    images: Images,
    patience: Duration,
) -> Result<Access, AccessError> {
    let mut config = configuration(kubeconfig, context)?;
    config.connect_timeout = Some(patience);
    let client = Client::try_from(config)
        .map_err(|source| AccessError::Client { context: context.to_owned(), source: source.into() })?;
    match timeout(patience, read_facts(&client, patience)).await {
        Ok(Ok(facts)) => {
            let facts = ClusterFacts { name: Some(context.to_owned()), ..facts };
            Ok(Access { client, images, facts, node_access: NodeAccess::Inspector, _held: None })
        }
        Ok(Err(source)) => Err(AccessError::Api { context: context.to_owned(), source: source.into() }),
        Err(_) => Err(AccessError::Silent { context: context.to_owned(), patience }),
    }
}
