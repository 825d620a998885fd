//! Builds and loads images: the node image of clusters and the images of test pods.
//!
//! All images can be built from Debian's packages alone. A built image is kept in the engine under a tag that contains
//! a digest of its inputs, and as an archive in the cache. This module must *not* create or change a cluster, except for
//! loading images into its nodes.

mod archive;
mod base;
mod builder;
mod choice;
mod compile;
mod error;
mod group;
mod inputs;
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
pub use node::is_built_here;
