//! Who provides a cluster: podproof itself, with kind, or somebody else.
//!
//! A provider is one file, or one folder with one door, behind the closed enum [`Provider`]. It must *not* change a
//! cluster that it did not make, write the user's kubeconfig, install packages, or be known outside this module.
//! Everything after the access is opened works through [`crate::cluster`] and does not ask who provides it.
//!
//! # A further provider
//!
//! k3d, for example, would be the folder `k3d/` and the variant `Provider::K3d(ClusterName)`. The compiler then names the
//! arms that are missing in `providers`. The folder supplies:
//!
//! - `open`, `up`, `down` and `status`, with the signatures of those in `kind`. `engine`, `containers`, `ownership`,
//!   `ready` and `image` do most of the work, because its nodes are containers too;
//! - the label of its node containers (`app=k3d`, `k3d.cluster=NAME`) and the name of its contexts (`k3d-NAME`);
//! - its configuration file of a cluster, and the oldest version of its program in `ci/versions.env`;
//! - an `AfterRestart`, if its nodes lose settings when they restart; k3d's do not.
//!
//! Beside its folder it touches `mod.rs` (one line), `providers.rs` (variant, word and arms), `managed_context.rs` (the
//! name of its contexts) and `ownership.rs` (the mark then says who made a cluster; without it, kind did). Outside this
//! module: the words of `--cluster` in the CLI's arguments and in the README, and the program in `ci/`.

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
pub use kind::{ImageRequest, build_image};
pub use options::{ClusterSharing, OpenOptions, UpOptions};
pub use own_cluster::{ClusterStatus, OwnCluster};
pub use providers::{Provider, ProviderError};
