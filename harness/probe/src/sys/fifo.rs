//! Named pipes.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::umask;

/// Containers may run as different users.
const MODE: libc::mode_t = 0o666;

pub(crate) fn make(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path is a C string that outlives the call.
    umask::without(|| match unsafe { libc::mkfifo(path.as_ptr(), MODE) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    })
}
