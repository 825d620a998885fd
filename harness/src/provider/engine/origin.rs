//! Which container engine made a cluster.

use serde::{Deserialize, Serialize};

/// The engine on which a cluster was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The engine's own identifier (`docker info`).
    pub id: String,
    /// The shell assignment that selects this engine, for example `DOCKER_HOST=…`; `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
}
