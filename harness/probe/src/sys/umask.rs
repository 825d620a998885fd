//! Creates files with exact modes.

/// Runs `create` with the umask 0.
///
/// The umask belongs to the whole process, which has a single thread.
pub(crate) fn without<T>(create: impl FnOnce() -> T) -> T {
    // SAFETY: the call takes a number and cannot fail.
    let before = unsafe { libc::umask(0) };
    let created = create();
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    created
}
