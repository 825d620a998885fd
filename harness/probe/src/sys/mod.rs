//! The door to the C library: everything the standard library has no safe call for.
//!
//! This is the only room with `unsafe` code. Each file wraps one facility of the system behind functions that
//! are safe to call and that return [`std::io::Error`].
#![expect(
    unsafe_code,
    reason = "message queues, shared memory, signals and inotify exist only as C functions"
)]

pub(crate) mod clock;
pub(crate) mod inotify;
pub(crate) mod mq;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod shm;
pub(crate) mod signal;
