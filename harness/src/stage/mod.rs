//! One namespace, one client: apply, exec, fetch, wait, close.
//!
//! A [`Stage`] does what a case's drive asks for and keeps all of it as evidence. All waiting goes through one
//! door, [`Stage::until`]. This room may *not* decide anything: what was seen is judged later, elsewhere.

mod amend;
mod asking;
mod attire;
mod blocked;
mod conditions;
mod deeds;
mod exec;
mod fetch;
mod leftover;
mod namespace;
mod node;
mod objects;
mod open;
mod presence;
mod pulse;
mod recall;
mod removal;
mod sandbox;
mod wait;

pub use amend::Amendment;
pub use attire::{Attire, Wearer, dress};
pub use blocked::{Blocked, causes};
pub use conditions::{Progress, StuckPod, stuck};
pub use deeds::{CONTROL, PodRef};
pub use leftover::{Leftover, Leftovers, leftovers};
pub use namespace::delete_namespace;
pub use node::{NodeRef, volume_path};
pub use objects::ObjectRef;
pub use open::{CleanupFault, Stage, StageOrder};
pub use removal::Removals;
