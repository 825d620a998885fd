//! Chooses or builds the node image of a kind cluster.
//!
//! It can be built from Debian's packages alone. A built image is kept in the engine under a tag that contains a digest
//! of its inputs, and as an archive in the cache. This module must *not* create or change a cluster.

mod choice;
mod compile;
mod group;
mod inputs;
mod node;
mod packages;
mod release;

pub use choice::build_image;
pub(super) use choice::choose_image;
pub(super) use node::is_built_here;
