//! The watches of one case: pods, events and objects, and the log of every container instance from its start.
//!
//! [`Recorder`] watches the case's namespace before the first object is created. Its result is the
//! [`Evidence`](podproof_core::evidence::Evidence).

mod log_stream;
mod objects;
mod pods;
mod recorder;
mod refusals;
mod resource;
mod sink;

pub use objects::seen_now;
pub use recorder::Recorder;
pub(crate) use refusals::{Refusals, why_refused};
pub use resource::resource;
