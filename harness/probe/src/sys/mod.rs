//! System calls that the standard library does not wrap.
//!
//! Only this module has `unsafe` code. Each file wraps one facility in safe functions that return
//! [`std::io::Error`].
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

/// Returns `Ok` if the last call failed with `EINTR` and should be repeated, and its error if it failed otherwise.
fn ok_if_interrupted() -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        _ => Err(error),
    }
}
