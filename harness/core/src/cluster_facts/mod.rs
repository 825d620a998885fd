//! Facts about a cluster, as data: its version, its nodes, what it can do, and its identity.
//!
//! This room must *not* ask a cluster: `podproof::cluster` reads the facts.

mod capabilities;
mod facts;
mod identity;
mod oldest_part;

pub use capabilities::{Capabilities, HandlerFacts, NodeCapabilities, RuntimeClassFacts};
pub use facts::{ClusterFacts, NodeFacts};
pub use identity::{Identity, IdentityMatch, Instance};
pub use oldest_part::{OldestPart, is_new_enough, oldest, schedulable_nodes};
