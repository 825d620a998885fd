//! What a cluster is for podproof: a client, facts, images, and access to its nodes.
//!
//! Connects to a cluster that exists, and reads facts about it. It must *not* make, start or remove a cluster, know who
//! made it, write the user's kubeconfig, or depend on cases.

mod access;
mod access_error;
mod detection;
mod facts;
mod identity;
mod images;
mod kubeconfig;
mod node_access;
mod node_error;
mod proxy;

pub use crate::client_error::{ClientError, in_words, with_causes};
pub use access::{Access, connect};
pub use access_error::AccessError;
pub(crate) use facts::is_ready;
pub use facts::read_facts;
pub use images::{Images, PullPolicy};
pub(crate) use kubeconfig::configuration;
pub use node_access::{AfterRestart, NodeAccess, NodeContainers};
pub use node_error::NodeError;
