//! The provider of clusters that others made: podproof only connects to them.

use std::path::PathBuf;

use super::error::ClusterError;
use super::image::name_images;
use super::managed_context::lock_if_managed;
use super::options::{ClusterSharing, OpenOptions};
use crate::cluster::{Access, connect};
use crate::host::Host;

/// The cluster of a kubeconfig context, which podproof never starts, changes or removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingCluster {
    /// The kubeconfig; `None` for the files that kubectl would read.
    pub kubeconfig: Option<PathBuf>,
    /// The context.
    pub context: String,
}

impl ExistingCluster {
    /// Connects to the cluster. Its nodes have the images, or pull them.
    pub async fn open(&self, host: &Host, options: &OpenOptions) -> Result<Access, ClusterError> {
        let images = options.with_overrides(name_images(host, &options.probe)?);
        let kubeconfig = self.kubeconfig.as_deref();
        // The context may refer to one of podproof's own clusters.
        let exclusive = options.sharing == ClusterSharing::Exclusive;
        let held = lock_if_managed(host, kubeconfig, &self.context, exclusive).await?;
        Ok(connect(kubeconfig, &self.context, images, options.patience).await?.with_lock(held))
    }
}
