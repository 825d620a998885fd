//! Makes podproof's own kind clusters: creates, starts and removes them, and gives access to them.
//!
//! Clusters that another program created under the same name must *not* be changed. Only this folder runs `kind`.

mod cli;
mod cluster;
mod create;
mod network;
mod node_image;
mod node_logs;
mod open;
mod readiness_record;
mod request;
mod status;
mod topology;
mod up;

pub(super) use cli::context;
pub use node_image::build_image;
pub use open::open;
pub use request::ClusterRequest;
pub use status::status;
pub use up::{down, up};
