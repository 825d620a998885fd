//! Why a cluster cannot be accessed.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::client_error::ClientError;

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
