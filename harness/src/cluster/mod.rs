//! How a cluster is had: a kind cluster of our own, or one that was named; its images and its facts.
//!
//! This is the only room that starts programs on the host, and in it only `command` does. It may *not* act on a
//! cluster that it neither made nor was told to use, write the user's kubeconfig, install packages, or know what
//! a case is.

mod access;
mod bounding;
mod capabilities;
mod door;
mod engine;
mod error;
mod facts;
mod host;
mod image;
mod images;
mod kind;
mod network;
mod ownership;
mod paths;
mod program;
mod progress;
mod questions;
mod ready;
mod topology;
mod up;
mod versions;

use progress::talk;

pub use access::{Access, AccessError, connect};
pub use bounding::{RUNTIME, act_as_runtime};
pub use capabilities::{Capabilities, HandlerFacts, NodeCapabilities, RuntimeClassFacts};
pub use door::{Door, NodeContainers};
pub use error::Error;
pub(crate) use facts::is_ready;
pub use facts::{Facts, NodeFacts, read_facts};
pub use host::Host;
pub use image::{ImageError, ImageRequest, build_image, name_images};
pub use images::{Images, PullPolicy};
pub use kind::Node;
pub use ownership::{ClusterName, ClusterNameError};
pub use paths::{Folders, HomeUnknown};
pub use program::{CommandError, Output, Program};
pub use topology::Topology;
pub use up::{ClusterRequest, KindCluster, Status, down, status, up};
pub use versions::{VERSIONS, Version, VersionError, Versions};
