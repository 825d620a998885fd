//! Builds the images of test pods and loads them into nodes that are containers.
//!
//! All images can be built from Debian's packages alone. A built image is kept in the engine under a tag that contains
//! a digest of its inputs, and as an archive in the cache. This module must *not* create or change a cluster, except
//! for loading images into its nodes.

mod archive;
mod base;
mod builder;
mod error;
mod inputs;
mod load;
mod recipe;
pub mod store;
pub mod workload;

pub(super) use base::SETUP;
pub(super) use builder::{BuildPlan, Builder};
pub use error::ImageError;
pub(super) use load::{load_images, name_images};
pub(super) use recipe::{RECIPE, digest};
