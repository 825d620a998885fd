//! The size and free space of a filesystem, and the file size limit.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The space on a filesystem, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiskSpace {
    pub(crate) total: u64,
    /// Free for unprivileged users.
    pub(crate) free: u64,
}

/// The space on the filesystem that contains the path.
pub(crate) fn space(path: &Path) -> io::Result<DiskSpace> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut seen = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path is a C string that outlives the call, and the pointer is valid for one statvfs.
    if unsafe { libc::statvfs(path.as_ptr(), seen.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all-zero bytes are a valid statvfs, and the call above has filled it.
    let seen = unsafe { seen.assume_init() };
    Ok(DiskSpace {
        total: seen.f_blocks.saturating_mul(seen.f_frsize),
        free: seen.f_bavail.saturating_mul(seen.f_frsize),
    })
}

/// Ignores SIGXFSZ: writing beyond the file size limit then fails with `EFBIG` and does not kill the process.
pub(crate) fn survive_file_limit() {
    // SAFETY: ignoring a signal installs no handler.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}
