//! Why a node cannot be restarted.

use std::error::Error as StdError;

use thiserror::Error;

use crate::client_error::ClientError;
use crate::host::CommandError;

/// Why a node was not restarted, or is not usable again.
#[derive(Debug, Error)]
pub enum NodeError {
    /// A program failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The API server did not answer again.
    #[error("wait for the cluster after a reboot")]
    Api(#[source] ClientError),
    /// The provider could not repair the node.
    #[error(transparent)]
    Provider(Box<dyn StdError + Send + Sync>),
}
