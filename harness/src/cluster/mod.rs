//! How a cluster is had: a kind cluster of our own, or one that was named; its images and its facts.
//!
//! This is the only room that starts programs on the host. It may *not* act on a cluster that it neither made
//! nor was told to use, write the user's kubeconfig, or know what a case is.

mod access;
mod facts;
mod images;

pub use access::{Access, AccessError, connect};
pub use facts::{Facts, NodeFacts, read_facts};
pub use images::{Images, PullPolicy};
