//! The mounts that another process sees.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

/// From now on this process, which has one thread, sees the files that the first process of its process namespace sees.
pub(crate) fn of_first_process() -> io::Result<()> {
    let namespace = File::open("/proc/1/ns/mnt")?;
    // SAFETY: the descriptor is open, and the call touches no memory of ours.
    match unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNS) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
