//! The environment in which all operations on the host run.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::paths::Folders;

/// podproof's folders, its executable, and the cancellation token.
#[derive(Clone, Debug)]
pub struct Host {
    /// podproof's cache and state folders.
    pub folders: Folders,
    /// The podproof executable, which is also the OCI runtime on hosts with a restricted capability set.
    pub program: PathBuf,
    /// Cancels the current operation.
    pub cancel: CancellationToken,
}
