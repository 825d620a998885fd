//! A way into a cluster: a client, its images, its facts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use thiserror::Error;
use tokio::time::timeout;

use super::door::Door;
use super::facts::{Facts, read_facts};
use super::images::Images;
use super::kubeconfig::configuration;
use super::lock::Hold;
use crate::refusal::Refusal;

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
    /// As long as somebody has this way, nobody changes or removes a cluster of ours.
    _held: Option<Arc<Hold>>,
}

impl Access {
    /// The same way, with what is held as long as it is used.
    #[must_use]
    pub fn holding(self, held: Option<Hold>) -> Self {
        Self { _held: held.map(Arc::new), ..self }
    }
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
        source: Refusal,
    },
    /// The kubeconfig has no such context.
    #[error("there is no context `{context}` in the kubeconfig{}", only(known))]
    NoContext {
        /// The context.
        context: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// What the kubeconfig says of the context cannot be used.
    #[error("context `{context}` cannot be used: {why}")]
    Unfit {
        /// The context.
        context: String,
        /// What is wrong.
        why: String,
    },
    /// The context leads to no usable client.
    #[error("make a client for context `{context}`")]
    Client {
        /// The context.
        context: String,
        /// What is wrong.
        source: Refusal,
    },
    /// The API server gave an error.
    #[error("ask the cluster of context `{context}` for its version and nodes")]
    Refused {
        /// The context.
        context: String,
        /// What it said.
        source: Refusal,
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
            Self::Kubeconfig { .. } | Self::NoContext { .. } | Self::Unfit { .. } => {
                "`kubectl config get-contexts` shows the contexts there are".to_owned()
            }
            Self::Client { context, .. } | Self::Refused { context, .. } | Self::Silent { context, .. } => {
                format!("try `kubectl --context {context} get nodes`")
            }
        }
    }
}

/// The contexts that there are, at most so many as fit into a line.
fn only(known: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match known.len() {
        0 => ", which has none".to_owned(),
        many if many > SHOWN => format!(", only {} and {} more", shown.join(", "), many - SHOWN),
        _ => format!(", only {}", shown.join(", ")),
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
    let mut config = configuration(kubeconfig, context)?;
    config.connect_timeout = Some(patience);
    let client = Client::try_from(config)
        .map_err(|source| AccessError::Client { context: context.to_owned(), source: source.into() })?;
    match timeout(patience, read_facts(&client, patience)).await {
        Ok(Ok(facts)) => {
            let facts = Facts { name: Some(context.to_owned()), ..facts };
            Ok(Access { client, images, facts, door: Door::Inspector, _held: None })
        }
        Ok(Err(source)) => Err(AccessError::Refused { context: context.to_owned(), source: source.into() }),
        Err(_) => Err(AccessError::Silent { context: context.to_owned(), patience }),
    }
}
