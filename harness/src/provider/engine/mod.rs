//! The container engine, on which podproof's own clusters run: finds it, starts it, and lets it start privileged
//! containers.
//!
//! An engine of another host is used as it is. All settings of the engine's configuration that podproof did not add
//! must *not* be changed.

mod configuration;
mod oci_runtime;
mod origin;
mod route;
mod start;

pub use oci_runtime::{RUNTIME, act_as_runtime};
pub use origin::Origin;
pub(super) use route::{check_engine, engine_id};
pub(super) use start::{Engine, lock_configuration, restore_configuration};
