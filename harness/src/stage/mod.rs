//! The stage of a case: one namespace in which its drive creates pods, runs commands and waits.
//!
//! A [`Stage`] carries out the steps of a drive and records everything as evidence. Every wait on the cluster is
//! recorded, and is limited by one of the [`Budgets`](podproof_core::plan::Budgets).
//! This module must *not* decide anything: the judge evaluates the evidence later.

mod conditions;
mod context;
mod error;
mod exec;
mod fetch;
mod freshness;
mod leftovers;
mod liveness;
mod log_snapshot;
mod namespace;
mod node;
mod objects;
mod opening;
mod pod_patch;
mod pod_profile;
mod pods;
mod refs;
mod removals;
mod request;
mod sandbox;
mod wait;
mod watch;

pub use conditions::{Progress, StuckPod, stuck};
pub use context::Stage;
pub use error::{StageError, causes};
pub use leftovers::{Leftover, Leftovers, leftovers};
pub use namespace::delete_namespace;
pub use node::volume_path;
pub use opening::{CleanupFault, StageOptions};
pub use pod_patch::PodPatch;
pub use pod_profile::{PodContext, PodProfile, apply_profile};
pub use pods::CONTROL_POD;
pub use refs::{NodeRef, ObjectRef, PodRef};
pub use removals::Removals;
pub use watch::{Recorder, resource};
