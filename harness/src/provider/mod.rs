//! Who provides a cluster: podproof itself, with kind, or somebody else.
//!
//! A provider is one file, or one folder with one door, behind the closed enum [`Provider`]. It must *not* change a
//! cluster that it did not make, write the user's kubeconfig, install packages, or be known outside this module: what
//! follows works with the [access](crate::cluster::Access) that it opens, and does not ask where the cluster is from.
//!
//! # A further provider
//!
//! k3d, for example, would be the folder `k3d/` and the variant `Provider::K3d(ClusterName)`. The folder supplies:
//!
//! - `open`, `up`, `down` and `status`, with the signatures of those in `kind`. `engine`, `containers`, `ownership`,
//!   `ready` and `image` do most of the work, because its nodes are containers too;
//! - the label of its node containers (`k3d.cluster=NAME`) and the name of its contexts (`k3d-NAME`);
//! - its command line, and the default configuration of a cluster;
//! - a [repair](crate::cluster::AfterRestart) of restarted nodes, if they lose settings.
//!
//! In this module it also touches `mod.rs` (one line), `providers.rs` (the variant, its word, and the arms that the
//! compiler then asks for), `managed_context.rs` (the name of its contexts), `ownership.rs` (the mark says who made the
//! cluster; without a word, kind did) and `versions.rs`. Elsewhere only words and setup: the help of `--cluster` in the
//! CLI's arguments, the remedy of `plan::Need::NodeContainers`, `ci/versions.env`, `ci/setup.sh` and the README.

mod cluster_name;
mod containers;
mod engine;
mod error;
mod existing;
mod image;
mod kind;
mod managed_context;
mod options;
mod own_cluster;
mod ownership;
mod progress_wait;
mod providers;
mod ready;
mod versions;

pub use cluster_name::{ClusterName, ClusterNameError};
pub use engine::{RUNTIME, act_as_runtime};
pub use error::ClusterError;
pub use existing::ExistingCluster;
pub use image::ImageError;
pub use options::{ClusterSharing, ImageRequest, OpenOptions, UpOptions};
pub use own_cluster::{ClusterStatus, OwnCluster};
pub use providers::{Provider, ProviderError};
