//! How much fits onto a filesystem, and who is told when a file grows too large.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The room on a filesystem, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// All of it.
    pub(crate) total: u64,
    /// What anybody may still use.
    pub(crate) free: u64,
}

/// The room on the filesystem that holds the path.
pub(crate) fn room(path: &Path) -> io::Result<Room> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut seen = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path is a C string that outlives the call, and the pointer is valid for one statvfs.
    if unsafe { libc::statvfs(path.as_ptr(), seen.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all-zero bytes are a valid statvfs, and the call above has filled it.
    let seen = unsafe { seen.assume_init() };
    Ok(Room {
        total: seen.f_blocks.saturating_mul(seen.f_frsize),
        free: seen.f_bavail.saturating_mul(seen.f_frsize),
    })
}

/// From now on a file that grows beyond the limit of the process is the error `EFBIG` and not its end.
pub(crate) fn survive_file_limit() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}
