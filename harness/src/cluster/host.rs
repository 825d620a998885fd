//! What the host gives to all that is done on it.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::paths::Folders;

/// The folders, ourselves as a program, and the word to stop.
#[derive(Clone, Debug)]
pub struct Host {
    /// Where things are kept.
    pub folders: Folders,
    /// The podproof program, which also serves as an OCI runtime on hosts that lack capabilities.
    pub program: PathBuf,
    /// Ends what is being done.
    pub cancel: CancellationToken,
}
