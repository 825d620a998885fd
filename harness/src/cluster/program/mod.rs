//! Programs of the host: the only place that starts them.
//!
//! A command is a vector of arguments, never a shell string. It runs in a process group of its own, so that a
//! deadline or a cancel ends it with all it started, and under a supervisor, so that our own death does. A command
//! line is started, runs, and what it said or why it failed remains.

mod error;
mod line;
mod running;
mod said;
mod start;

pub use error::CommandError;
pub use line::Program;
pub use said::Output;
pub(super) use start::{become_program, inheriting};
