//! How a cluster is had: a kind cluster of our own, or one that was named; its images and its facts.
//!
//! This is the only room that starts programs on the host, and in it only `program` does. It may *not* act on a
//! cluster that it neither made nor was told to use, write the user's kubeconfig, install packages, or know what
//! a case is.

mod access;
mod bounding;
mod capabilities;
mod configuration;
mod create;
mod door;
mod engine;
mod error;
mod facts;
mod group;
mod host;
mod identity;
mod image;
mod images;
mod kind;
mod kubeconfig;
mod lock;
mod network;
mod node_logs;
mod of_ours;
mod ownership;
mod paths;
mod patience;
mod program;
mod progress;
mod proved;
mod proxy;
mod questions;
mod ready;
mod status;
mod supervisor;
mod topology;
mod up;
mod versions;
mod which_engine;

use progress::talk;

pub use crate::refusal::{Refusal, in_words, with_causes};
pub use access::{Access, AccessError, connect};
pub use bounding::{RUNTIME, act_as_runtime};
pub use capabilities::{Capabilities, HandlerFacts, NodeCapabilities, RuntimeClassFacts};
pub use door::{Door, NodeContainers};
pub use error::Error;
pub(crate) use facts::is_ready;
pub use facts::{Facts, NodeFacts, read_facts};
pub use host::Host;
pub use identity::{Identity, Life, Sameness};
pub use image::{ImageError, ImageRequest, build_image, name_images};
pub use images::{Images, PullPolicy};
pub use kind::Node;
pub use lock::Hold;
pub use of_ours::hold_if_ours;
pub use ownership::{ClusterName, ClusterNameError};
pub use paths::{Folders, HomeUnknown};
pub use program::{CommandError, Output, Program};
pub use status::{Status, status};
pub use supervisor::{SUPERVISOR, act_as_supervisor, supervise_programs};
pub use topology::Topology;
pub use up::{ClusterRequest, KindCluster, down, up};
pub use versions::{VERSIONS, Version, VersionError, Versions};
