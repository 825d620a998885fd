//! This host: the programs that podproof starts on it, its own files, and the locks between its processes.
//!
//! Only this module starts programs on the host, and within it only `program` does. It must *not* know what a program
//! is for, act on a cluster, or start anything on its own.

mod environment;
mod group;
mod lock;
mod paths;
mod program;
mod progress;
mod supervisor;

pub use environment::Host;
pub(crate) use lock::{Lock, LockMode};
pub use lock::{LockError, LockGuard};
pub use paths::{Folders, HomeUnknown};
pub(crate) use program::become_program;
pub use program::{CommandError, Output, Program, SUPERVISOR, supervise_programs};
pub(crate) use progress::{report_progress, step};
pub use supervisor::act_as_supervisor;
