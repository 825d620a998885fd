//! Mount namespaces.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

/// Enters the mount namespace of PID 1 of this PID namespace. The process must have a single thread.
pub(crate) fn enter_namespace_of_init() -> io::Result<()> {
    let namespace = File::open("/proc/1/ns/mnt")?;
    // SAFETY: the descriptor is open, and the call accesses no memory of this process.
    match unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNS) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
