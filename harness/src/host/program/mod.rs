//! Runs programs on the host. No other module starts programs.
//!
//! A command is a vector of arguments, never a shell string. It runs in its own process group, so that a time limit or
//! a cancellation ends it and everything that it started. It also runs under a supervisor, which ends it if podproof is
//! killed.

mod error;
mod line;
mod output;
mod running;
mod start;
mod supervised;

pub use supervised::{SUPERVISOR, supervise_programs};

pub use error::CommandError;
pub use line::Program;
pub use output::Output;
pub(crate) use start::become_program;
pub(super) use start::inheriting;
