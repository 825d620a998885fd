//! The clocks of the node, in nanoseconds.

use std::mem::MaybeUninit;

/// Wall-clock time since 1970. All pods of a node share it; it can jump.
pub(crate) fn realtime_ns() -> u64 {
    nanoseconds(libc::CLOCK_REALTIME)
}

/// Time since boot, without suspend. All pods of a node share it; it never jumps.
pub(crate) fn monotonic_ns() -> u64 {
    nanoseconds(libc::CLOCK_MONOTONIC)
}

/// Time since boot, including suspend; comparable with the start ticks in `/proc/PID/stat`.
pub(crate) fn boottime_ns() -> u64 {
    nanoseconds(libc::CLOCK_BOOTTIME)
}

fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for one timespec.
    let result = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    if result != 0 {
        // Only an unknown clock fails; zero marks it in the report.
        return 0;
    }
    // SAFETY: all-zero bytes are a valid timespec, and the call above has filled it.
    let time = unsafe { time.assume_init() };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
