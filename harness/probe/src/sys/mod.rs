//! The door to the C library: everything the standard library has no safe call for.
//!
//! This is the only room with `unsafe` code. Each file wraps one facility of the system behind functions that
//! are safe to call and that return [`std::io::Error`].
#![expect(
    unsafe_code,
    reason = "message queues, shared memory, semaphores, signals, namespaces and inotify exist only as C functions"
)]

use std::io;

pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod fifo;
pub(crate) mod inotify;
pub(crate) mod interfaces;
pub(crate) mod listen;
pub(crate) mod mounts;
pub(crate) mod mq;
pub(crate) mod msg;
pub(crate) mod name;
pub(crate) mod process;
pub(crate) mod psem;
pub(crate) mod pshm;
pub(crate) mod random;
pub(crate) mod sem;
pub(crate) mod shm;
pub(crate) mod signal;
pub(crate) mod umask;

/// The error of the last call, unless it was only interrupted and is to be made again.
fn not_only_interrupted() -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        _ => Err(error),
    }
}
