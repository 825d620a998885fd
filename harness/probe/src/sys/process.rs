//! What the kernel says about this process, and signals to others.

use std::io;

/// The effective user of this process.
pub(crate) fn uid() -> u32 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// The effective group of this process.
pub(crate) fn gid() -> u32 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::getegid() }
}

/// Ticks per second of the times in `/proc/PID/stat`.
pub(crate) fn ticks_per_second() -> u64 {
    // SAFETY: the call takes a constant and touches no memory of ours.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(0)
}

/// Sends a signal to one process.
pub(crate) fn send_signal(pid: i32, signal: i32) -> io::Result<()> {
    if pid <= 0 {
        // Zero and negative numbers would mean groups of processes.
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: the call touches no memory of ours.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
