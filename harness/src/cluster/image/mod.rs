//! Images: the node image a cluster is made of, and what runs in test pods.
//!
//! Everything can be had from Debian's packages alone. What was made is kept in the engine under a tag with a
//! digest of its inputs, and as an archive in the cache. This room may *not* make or touch a cluster beyond
//! putting images into its nodes.

mod archive;
mod base;
mod builder;
mod choice;
mod compile;
mod error;
mod group;
mod load;
mod node;
mod packages;
mod recipe;
mod release;
mod store;
mod workload;

pub use choice::{ImageRequest, build_image, choose_image};
pub use error::ImageError;
pub use load::{load_images, name_images};
pub use node::is_ours;
