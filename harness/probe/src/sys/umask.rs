//! Modes exactly as they were asked for.

/// Runs with nothing taken away from the modes of what is created.
///
/// The mask belongs to the whole process, which has one thread.
pub(crate) fn without<T>(create: impl FnOnce() -> T) -> T {
    // SAFETY: the call takes a number and cannot fail.
    let before = unsafe { libc::umask(0) };
    let created = create();
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    created
}
