//! The user and group of this process, and signals to other processes.

use std::io;

/// The effective user ID.
pub(crate) fn uid() -> u32 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// The effective group ID.
pub(crate) fn gid() -> u32 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::getegid() }
}

/// Clock ticks per second, the unit of the times in `/proc/PID/stat`.
pub(crate) fn ticks_per_second() -> u64 {
    // SAFETY: the call takes a constant and accesses no memory of this process.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(0)
}

/// Sends a signal to one process. Fails with `ESRCH` if the PID is not positive.
pub(crate) fn send_signal(pid: i32, signal: i32) -> io::Result<()> {
    if pid <= 0 {
        // kill(2) sends to process groups for zero and negative numbers.
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: the call accesses no memory of this process.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
