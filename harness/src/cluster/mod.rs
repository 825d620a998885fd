//! Creates podproof's own kind clusters, connects to existing clusters, loads images, and reads facts about clusters.
//!
//! Only this module starts programs on the host, and within it only `program` does. It must *not* act on a cluster that
//! it neither created nor was asked to use, write the user's kubeconfig, install packages, or depend on cases.

mod access;
mod access_error;
mod cluster_name;
mod configuration;
mod create;
mod detection;
mod engine;
mod engine_origin;
mod engine_route;
mod error;
mod facts;
mod identity;
mod image;
mod images;
mod kind;
mod kind_cluster;
mod kubeconfig;
mod managed_context;
mod network;
mod node_access;
mod node_logs;
mod oci_runtime;
mod ownership;
mod progress_wait;
mod proxy;
mod readiness_record;
mod ready;
mod status;
mod topology;
mod up;
mod versions;

pub use crate::client_error::{ClientError, in_words, with_causes};
pub use access::{Access, connect};
pub use access_error::AccessError;
pub use cluster_name::{ClusterName, ClusterNameError};
pub use error::ClusterError;
pub(crate) use facts::is_ready;
pub use facts::read_facts;
pub use image::{ImageError, ImageRequest, build_image, name_images};
pub use images::{Images, PullPolicy};
pub use kind::Node;
pub use kind_cluster::{ClusterRequest, KindCluster};
pub use managed_context::lock_if_managed;
pub use node_access::{NodeAccess, NodeContainers};
pub use oci_runtime::{RUNTIME, act_as_runtime};
pub use status::{ClusterStatus, status};
pub use topology::Topology;
pub use up::{down, up};
pub use versions::{VERSIONS, Version, VersionError, Versions};
