//! Random bytes from the kernel.

use std::io;

/// Fills the buffer. The kernel returns up to 256 bytes completely or not at all.
pub(crate) fn fill(buffer: &mut [u8; 16]) -> io::Result<()> {
    loop {
        // SAFETY: the pointer and the length describe the same live buffer.
        let filled = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        if usize::try_from(filled) == Ok(buffer.len()) {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
