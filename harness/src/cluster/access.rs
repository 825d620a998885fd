//! A way into a cluster: a client, its images, its facts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use thiserror::Error;
use tokio::time::timeout;

use super::door::Door;
use super::facts::{Facts, read_facts};
use super::images::Images;

/// A cluster that answers.
#[derive(Clone)]
pub struct Access {
    /// The client; it belongs to the runtime on which it was made.
    pub client: Client,
    /// What the nodes have for the images in manifests.
    pub images: Images,
    /// What the cluster is.
    pub facts: Facts,
    /// The way onto its nodes.
    pub door: Door,
}

/// A named cluster could not be reached.
#[derive(Debug, Error)]
pub enum AccessError {
    /// The kubeconfig could not be read.
    #[error("read kubeconfig{}", file.as_ref().map(|file| format!(" {}", file.display())).unwrap_or_default())]
    Kubeconfig {
        /// The file, where one was named.
        file: Option<PathBuf>,
        /// What is wrong.
        source: kube::config::KubeconfigError,
    },
    /// The context leads to no usable client.
    #[error("make a client for context `{context}`")]
    Client {
        /// The context.
        context: String,
        /// What is wrong.
        source: Box<kube::Error>,
    },
    /// The API server gave an error.
    #[error("ask the cluster of context `{context}` for its version and nodes")]
    Refused {
        /// The context.
        context: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// The API server did not answer.
    #[error("the cluster of context `{context}` did not answer in {} s", patience.as_secs())]
    Silent {
        /// The context.
        context: String,
        /// How long it was given.
        patience: Duration,
    },
}

impl AccessError {
    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Kubeconfig { .. } => {
                "`kubectl config get-contexts` shows the contexts there are".to_owned()
            }
            Self::Client { context, .. } | Self::Refused { context, .. } | Self::Silent { context, .. } => {
                format!("try `kubectl --context {context} get nodes`")
            }
        }
    }
}

/// Connects to the cluster of a *named* context; never to whatever is current.
///
/// `kubeconfig` is the file to read; without one, what `KUBECONFIG` or the home folder names. The file is only
/// read. Ends within `patience`.
pub async fn connect(
    kubeconfig: Option<&Path>,
    context: &str,
    images: Images,
    patience: Duration,
) -> Result<Access, AccessError> {
    let unreadable = |source| AccessError::Kubeconfig { file: kubeconfig.map(Path::to_owned), source };
    let file = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(unreadable)?;
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(file, &options).await.map_err(unreadable)?;
    config.connect_timeout = Some(patience);
    let client = Client::try_from(config)
        .map_err(|source| AccessError::Client { context: context.to_owned(), source: Box::new(source) })?;
    match timeout(patience, read_facts(&client, patience)).await {
        Ok(Ok(facts)) => {
            let facts = Facts { name: Some(context.to_owned()), ..facts };
            Ok(Access { client, images, facts, door: Door::Inspector })
        }
        Ok(Err(source)) => {
            Err(AccessError::Refused { context: context.to_owned(), source: Box::new(source) })
        }
        Err(_) => Err(AccessError::Silent { context: context.to_owned(), patience }),
    }
}
